"""The API as a user describes it, and where a token may go.

A token goes to the resource server's origins and nowhere else (RFC 6750 §5.3, RFC 6819 §4.6.4). It is sent over plain
http to loopback only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping

from oauth_cc_auth._frozen import EMPTY, KW_ONLY, dataclass, field, spoken_repr
from oauth_cc_auth._http.headers import NAME as HEADER_NAME
from oauth_cc_auth._http.headers import HeaderValue, checked_headers
from oauth_cc_auth._http.origin import is_loopback, is_secure, matches, origin_of, origins_of
from oauth_cc_auth._raising import scrubbed
from oauth_cc_auth._resource_server.error_format import ANY_ENVELOPE, ApiError, ErrorFormat
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError, InsecureTransport, OriginNotAllowed

# While it is set, the presets' tokens are those of a sandbox on this machine.
SANDBOX_VARIABLE = "OAUTH_CC_AUTH_SANDBOX"


@dataclass(frozen=True, slots=True, repr=False)
class ResourceServer:
    """An API: its origins, how it wants the token, and which answers mean that the token is refused.

    base_url: where the API's paths begin. The token goes to its origin, and to those of `origins`, alone. None means
    any https origin.
    header: the header that presents the token.
    scheme: the word before the token there (RFC 6750 §2.1); None: the token stands alone.
    prefix: what a vendor wants glued to the token's front, as openEO's ``oidc/CDSE/``.
    headers: sent on every API call unless the caller sets them. A value may be a function that makes one for each call.
    renew_on: the statuses that may mean a refused token.
    renew_if: a function of the `ApiError` that looks at what such an answer says, where the status alone does not tell.
    origins: further origins that the token may go to. ``https://*.example.com`` stands for every host below that
    domain, at any depth, but not for example.com itself: name such a domain only where the vendor owns all of it.
    base_url_of: a function of the `Token` that returns the base, for APIs whose base only the token's answer tells. It
    is then the one origin besides those named here.
    errors: how the API's errors read, an `ErrorFormat`.

    Raises ConfigurationError, naming the argument.
    """

    base_url: str | None = None
    _: KW_ONLY
    header: str = "Authorization"
    scheme: str | None = "Bearer"
    prefix: str = ""
    headers: Mapping[str, HeaderValue] = EMPTY
    renew_on: Collection[int] = frozenset({401})
    renew_if: Callable[[ApiError], bool] | None = None
    origins: Collection[str] = ()
    base_url_of: Callable[[Token], str | None] | None = None
    errors: ErrorFormat = ANY_ENVELOPE
    _allowed: frozenset[str] | None = field(init=False, repr=False, compare=False)
    _patterns: tuple[str, ...] = field(init=False, repr=False, compare=False)

    __repr__ = spoken_repr

    def __post_init__(self) -> None:
        """Check the arguments and make them immutable."""
        if not isinstance(self.header, str) or not HEADER_NAME.fullmatch(self.header):
            message = "header is not the name of an HTTP header, such as X-Auth-Token"
            raise ConfigurationError(message)
        if self.scheme is not None and (not isinstance(self.scheme, str) or not HEADER_NAME.fullmatch(self.scheme)):
            message = "scheme is not one word; for a token that stands alone pass scheme=None"
            raise ConfigurationError(message)
        if not isinstance(self.prefix, str) or not self.prefix.isascii() or not self.prefix.isprintable():
            message = "prefix is not a text that fits in a header"
            raise ConfigurationError(message)
        for name in ("origins", "renew_on"):
            if isinstance(getattr(self, name), str) or not isinstance(getattr(self, name), Collection):
                message = f"{name} is not a collection: pass a tuple or a set"
                raise ConfigurationError(message)
        for name in ("renew_if", "base_url_of"):
            if getattr(self, name) is not None and not callable(getattr(self, name)):
                message = f"{name} is not a function"
                raise ConfigurationError(message)
        if not isinstance(self.errors, ErrorFormat):
            message = "errors is not an ErrorFormat"
            raise ConfigurationError(message)
        urls = (*(() if self.base_url is None else (self.base_url,)), *self.origins)
        object.__setattr__(self, "headers", checked_headers(self.headers))
        object.__setattr__(self, "renew_on", frozenset(self.renew_on))
        object.__setattr__(self, "origins", tuple(self.origins))
        object.__setattr__(self, "_allowed", frozenset(map(_configured_origin, urls)) if urls else None)
        object.__setattr__(self, "_patterns", tuple(origin for origin in self._allowed or () if "*" in origin))
        if self.base_url is not None and "*" in self.base_url.split("/")[2]:
            message = "base_url holds a star; a host below a domain is named in origins, as https://*.example.com"
            raise ConfigurationError(message)

    @property
    def is_pinned(self) -> bool:
        """Whether the API's origins are named; else any https origin is one."""
        return self._allowed is not None or self.base_url_of is not None

    def admit(self, url: str, token: Token | None = None, *, allow_insecure_http: bool = False) -> None:
        """Return if the token may go to this URL, else raise OriginNotAllowed or InsecureTransport.

        Where only the token's answer tells the API's origin, the URL is judged in full once there is a `token`.
        """
        try:
            origin = origin_of(url)
        except ValueError:
            message = (
                "Not sent: the URL is not an absolute http or https URL with a plain host. source.url(path) returns "
                "the URL of a path."
            )
            raise OriginNotAllowed(message) from None
        allowed = self._origins(token)
        if allowed is not None and not self._is_among(origin, allowed):
            change = "If that host belongs to the API, name it in ResourceServer(origins=...)."
            if allowed and all(map(is_loopback, allowed)):
                change = "The grant points at this machine, as a sandbox's does: send the call to source.url(path)."
                if os.environ.get(SANDBOX_VARIABLE):
                    change = (
                        f"{SANDBOX_VARIABLE} is set, so this is the sandbox's token: send the call to "
                        "source.url(path), which is at the sandbox, or unset the variable."
                    )
            message = (
                f"Not sent: this token may go to {', '.join(sorted(allowed)) or 'no API that is known'}, not to "
                f"{origin}. {change}"
            )
            raise OriginNotAllowed(message)
        if allow_insecure_http:
            return
        if is_loopback(origin) and origin.startswith("http:"):
            from oauth_cc_auth._http.proxies import proxy_of_environment  # noqa: PLC0415 - for programs under test

            if proxy_of_environment(url):
                message = (
                    f"Not sent: a proxy of the environment (HTTP_PROXY or ALL_PROXY) takes plain http to {origin}, and "
                    "can read the token. Name this host in NO_PROXY."
                )
                raise InsecureTransport(message)
        if not is_secure(origin):
            message = (
                f"Not sent: {origin} is plain http, where anybody on the way can read the token. Use https, or pass "
                "allow_insecure_http=True to the grant if this network is yours."
            )
            raise InsecureTransport(message)

    def url_for(self, path: str, token: Token | None) -> str:
        """Return the URL of a path below the API's base; a whole URL is returned as it is.

        The token tells the base where there is a `base_url_of`. Raises ConfigurationError where the base is not known.
        """
        if path.lower().startswith(("https://", "http://")):
            return path
        base = self.base_url if token is None else self.base_url_for(token)
        if base is None:
            message = "this API has no single base_url: pass a whole URL, or ResourceServer(base_url=...) to the grant"
            raise ConfigurationError(message)
        return f"{base.rstrip('/')}/{path.lstrip('/')}"

    def base_url_for(self, token: Token) -> str | None:
        """Return where the paths of the API begin for this token. Raises ConfigurationError where that is no URL."""
        try:
            base = self.base_url_of(token) if self.base_url_of else None
            if base is not None:
                origin_of(base)
        except Exception as error:  # noqa: BLE001 - a user's function may raise anything
            message = f"base_url_of failed on the token's answer ({type(error).__name__}), or returned no URL"
            raise ConfigurationError(message) from scrubbed(error)
        return base or self.base_url

    def may_receive(self, url: str, token: Token) -> bool:
        """Tell whether the URL's origin is one of the API's, or any where none is named."""
        allowed = self._origins(token)
        try:
            return allowed is None or self._is_among(origin_of(url), allowed)
        except ValueError:
            return False

    def names(self, url: str, token: Token) -> bool:
        """Tell whether the URL's origin is one that was named, so that a token on its way there is no leak."""
        return self._origins(token) is not None and self.may_receive(url, token)

    def _origins(self, token: Token | None) -> frozenset[str] | None:
        if self.base_url_of is None or token is None:
            return None if self.base_url_of else self._allowed
        base = self.base_url_for(token)
        return (self._allowed or frozenset()) | (frozenset() if base is None else {origin_of(base)})

    def _is_among(self, origin: str, allowed: frozenset[str]) -> bool:
        return origin in allowed or any(matches(origin, pattern) for pattern in self._patterns)


def _configured_origin(url: str) -> str:
    try:
        return origins_of(url)
    except (ValueError, TypeError, AttributeError):
        message = "base_url and origins are http or https URLs with a host; a star is its first label, as *.example.com"
        raise ConfigurationError(message) from None

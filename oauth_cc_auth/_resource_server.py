"""The API side: where a token may go, how it is presented, and whether a 401 is about it.

A token goes to the resource server's origins and nowhere else (RFC 6750 §5.3, RFC 6819 §4.6.4). It is sent over plain
http to loopback only. A refusal is about our token when the status says so and WWW-Authenticate is absent or names our
scheme, without an error or with `invalid_token` (RFC 6750 §3.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import SupportsIndex

from oauth_cc_auth._api_error import ANY_ENVELOPE, ApiError, ErrorFormat
from oauth_cc_auth._challenge import parse_challenges
from oauth_cc_auth._frozen import EMPTY, spoken_repr
from oauth_cc_auth._headers import NAME as HEADER_NAME
from oauth_cc_auth._headers import HeaderValue, checked_headers, written
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError, InsecureTransport, OriginNotAllowed, scrubbed

_DEFAULT_PORTS = {"http": 80, "https": 443}
# WeChat is one of those who call their JSON plain text, or nothing at all.
_JSON_TYPES = {"", "application/json", "text/json", "text/plain"}
_ERROR_SIZE = 1024 * 1024  # bytes; as much as is read of a token endpoint's answer, and no error comes near it
_SAME_AS = {"ws": "http", "wss": "https"}  # a WebSocket begins as a request to that origin (RFC 6455 §4.1)

# Strict on purpose: what two parsers may read differently (a backslash, white space, a second @) has no origin at all.
_AUTHORITY = re.compile(
    r"(https?|wss?)://(?:[^@/\\?#\s]*@)?(\[[0-9a-fA-F:.]+\]|[^@/\\?#\s:\[\]]+)(?::([0-9]{0,5}))?(?=[/?#]|\Z)",
    re.IGNORECASE,
)


def origin_of(url: str) -> str:
    """Return the origin of a URL in one spelling, as ``scheme://host:port`` (RFC 6454 §4).

    Raises ValueError for what is not an http, https, ws or wss URL.
    """
    match = _AUTHORITY.match(url)
    if match is None:
        message = "not an http or https URL"
        raise ValueError(message)
    scheme, host = match[1].lower(), match[2].lower()
    scheme = _SAME_AS.get(scheme, scheme)
    if not host.isascii():
        host = _to_ascii(host)
    return f"{scheme}://{host}:{match[3] or _DEFAULT_PORTS[scheme]}"


def is_secure(origin: str) -> bool:
    """Tell whether what is sent to this origin stays unread on its way: https, or loopback."""
    scheme, _, authority = origin.partition("://")
    host = authority.rpartition(":")[0].strip("[]")
    if scheme == "https" or host == "localhost":
        return True
    from ipaddress import ip_address  # noqa: PLC0415 - only for plain http

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Presented(str):
    """What we put into a header: a token, which it knows, or a vendor's key. It neither prints nor pickles.

    Requests and responses keep their headers, and users log and pickle responses.
    """

    __slots__ = ("token",)
    token: Token | None

    def __repr__(self) -> str:
        """Hide the value."""
        return "'***'"

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Pickle to a mask."""
        return str, ("***",)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[type[str], tuple[str]]:
        """Pickle to a mask, with every protocol."""
        return str, ("***",)

    def __copy__(self) -> Presented:
        """Stay whole in this process."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Presented:
        """Stay whole in this process."""
        return self

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Encode to bytes that do not print or pickle either: httpx keeps headers as bytes."""
        return _PresentedBytes(str.encode(self, encoding, errors))


class _PresentedBytes(bytes):
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        value = Presented(bytes.decode(self, encoding, errors))
        value.token = None
        return value

    def __repr__(self) -> str:
        return "b'***'"

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[type[bytes], tuple[bytes]]:
        return bytes, (b"***",)

    def __copy__(self) -> _PresentedBytes:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> _PresentedBytes:
        return self


@dataclass(frozen=True, slots=True, repr=False)
class ResourceServer:
    """An API: its origins, how it wants the token, and which answers mean that the token is refused.

    `base_url` is where the API's paths begin; its origin, and those of `origins`, are the only ones the token goes to.
    None means any https origin. The token stands in `header` after the word `scheme` (RFC 6750 §2.1), or alone where
    `scheme` is None. `headers` are sent on every API call unless the caller sets them; a value may be a function that
    makes one for each call. `renew_on` are the statuses that may mean a refused token, and `renew_if` looks at what
    such an answer says, where the status alone does not tell. `base_url_of` is for APIs whose base only the token's
    answer tells: a function that returns it, which is then the one origin besides those named here. `errors` says how
    the API's errors read.

    Raises ConfigurationError, naming the argument.
    """

    base_url: str | None = None
    _: KW_ONLY
    header: str = "Authorization"
    scheme: str | None = "Bearer"
    headers: Mapping[str, HeaderValue] = EMPTY
    renew_on: Collection[int] = frozenset({401})
    renew_if: Callable[[ApiError], bool] | None = None
    origins: Collection[str] = ()
    base_url_of: Callable[[Token], str | None] | None = None
    errors: ErrorFormat = ANY_ENVELOPE
    _allowed: frozenset[str] | None = field(init=False, repr=False, compare=False)

    __repr__ = spoken_repr

    def __post_init__(self) -> None:
        """Check the arguments and make them immutable."""
        if not isinstance(self.header, str) or not HEADER_NAME.fullmatch(self.header):
            message = "header is not the name of an HTTP header"
            raise ConfigurationError(message)
        if self.scheme is not None and (not isinstance(self.scheme, str) or not HEADER_NAME.fullmatch(self.scheme)):
            message = "scheme is not one word; for a token that stands alone pass scheme=None"
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

    def admit(self, url: str, token: Token | None = None, *, allow_insecure_http: bool = False) -> None:
        """Return if the token may go to this URL, else raise OriginNotAllowed or InsecureTransport.

        Where only the token's answer tells the API's origin, the URL is judged in full once there is a `token`.
        """
        try:
            origin = origin_of(url)
        except ValueError:
            message = "Not sent: the URL is not an absolute http or https URL with a plain host."
            raise OriginNotAllowed(message) from None
        allowed = self._origins(token)
        if allowed is not None and origin not in allowed:
            message = (
                f"Not sent: this token may go to {', '.join(sorted(allowed)) or 'no API that is known'}, not to "
                f"{origin}. If that host belongs to the API, name it in ResourceServer(origins=...)."
            )
            raise OriginNotAllowed(message)
        if not (allow_insecure_http or is_secure(origin)):
            message = (
                f"Not sent: {origin} is plain http, where anybody on the way can read the token. Use https, or pass "
                "allow_insecure_http=True to the grant if this network is yours."
            )
            raise InsecureTransport(message)

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
            return allowed is None or origin_of(url) in allowed
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

    def credentials(self, token: Token) -> Presented:
        """Return the header's value that presents the token (RFC 6750 §2.1)."""
        return _presented(token.access_token if self.scheme is None else f"{self.scheme} {token.access_token}", token)

    def present(self, method: str, url: str, token: Token) -> dict[str, str]:  # noqa: ARG002 - a scheme may sign them
        """Return the headers that an API request carries: the token's and the API's own."""
        return {**hidden(written(self.headers)), self.header: self.credentials(token)}

    def made_anew(self, names: Collection[str]) -> dict[str, Presented]:
        """Return what functions make for a request that goes once more, of these headers in lower case: a nonce counts
        once.
        """
        headers = self.headers.items()
        return hidden(written({name: make for name, make in headers if callable(make) and name.lower() in names}))

    def must_read(
        self, status: int, content_type: str, content_length: str | None = None, *, streamed: bool = False
    ) -> bool:
        """Tell whether the body of an answer is needed to judge it, and may be read for that.

        It may be read where it can be an error: one document in JSON, not a download nor a stream of records, and of at
        most 1 MiB. Many servers state no length (chunked): an answer of 400 and above is read all the same, since it
        ends; any other unless the caller has `streamed` the call. httpx tells nobody whether he has, so there it is
        read: else no refusal that such a server calls 200 would ever be noticed.
        """
        if self.renew_if is None or status not in self.renew_on:
            return False
        kind = content_type.partition(";")[0].strip().lower()
        if kind not in _JSON_TYPES and (not kind.endswith("+json") or "stream" in kind):
            return False
        if content_length is None or not content_length.isdecimal():
            return status >= 400 or not streamed
        return int(content_length) <= _ERROR_SIZE

    def refuses(self, status: int, www_authenticate: str | None, said: Callable[[], ApiError] | None = None) -> bool:
        """Tell whether an answer means that the token it was asked with is no good any more; `said` reads its error.

        An absent WWW-Authenticate counts as "yes": half of the vendors forget it, though RFC 9110 §15.5.2 demands it.
        """
        if status not in self.renew_on or (www_authenticate and not self._challenged(www_authenticate)):
            return False
        return self.renew_if is None or said is None or bool(self.renew_if(said()))

    def _challenged(self, www_authenticate: str) -> bool:
        scheme = (self.scheme or "Bearer").lower()
        return any(
            challenge.scheme == scheme and challenge.parameters.get("error") in (None, "", "invalid_token")
            for challenge in parse_challenges(www_authenticate)
        )


def is_presented(value: object) -> bool:
    """Tell whether a header's value is what we put there, as text or as httpx keeps it."""
    return isinstance(value, (Presented, _PresentedBytes))


def hidden(headers: Mapping[str, str]) -> dict[str, Presented]:
    """Return the API's own headers so that they print and pickle no more than a token: a vendor's key is one too."""
    return {name: _presented(value) for name, value in headers.items()}


def _presented(text: str, token: Token | None = None) -> Presented:
    value = Presented(text)
    value.token = token
    return value


def _configured_origin(url: str) -> str:
    try:
        return origin_of(url)
    except (ValueError, TypeError):
        message = "base_url and origins are http or https URLs with a host"
        raise ConfigurationError(message) from None


def _to_ascii(host: str) -> str:
    import idna  # noqa: PLC0415 - 10 ms that only a host with letters beyond ASCII costs

    return idna.encode(host, uts46=True).decode("ascii")

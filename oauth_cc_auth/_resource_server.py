"""The API side: where a token may go, how it is presented, and whether a 401 is about it.

A token goes to the resource server's origins and nowhere else (RFC 6750 §5.3, RFC 6819 §4.6.4). It is sent over plain
http to loopback only. A refusal is about our token when the status says so and WWW-Authenticate is absent or names our
scheme, without an error or with `invalid_token` (RFC 6750 §3.1).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import SupportsIndex

from oauth_cc_auth._challenge import parse_challenges
from oauth_cc_auth._frozen import EMPTY, FrozenMapping
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError, InsecureTransport, OriginNotAllowed

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SAME_AS = {"ws": "http", "wss": "https"}  # a WebSocket begins as a request to that origin (RFC 6455 §4.1)
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110 §5.1
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")  # RFC 9110 §5.5, without what libraries encode each in its own way

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
    """A token as it stands in a header: it knows its token, and neither prints nor pickles it.

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


@dataclass(frozen=True, slots=True)
class ResourceServer:
    """An API: its origins, how it wants the token, and which answers mean that the token is refused.

    `base_url` is where the API's paths begin; its origin, and those of `origins`, are the only ones the token goes to.
    None means any https origin. The token stands in `header` after the word `scheme` (RFC 6750 §2.1), or alone where
    `scheme` is None. `headers` are sent on every API call unless the caller sets them. `renew_on` are the statuses that
    may mean a refused token.

    Raises ConfigurationError, naming the argument.
    """

    base_url: str | None = None
    _: KW_ONLY
    header: str = "Authorization"
    scheme: str | None = "Bearer"
    headers: Mapping[str, str] = EMPTY
    renew_on: Collection[int] = frozenset({401})
    origins: Collection[str] = ()
    _allowed: frozenset[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the arguments and make them immutable."""
        if not isinstance(self.header, str) or not _HEADER_NAME.fullmatch(self.header):
            message = "header is not the name of an HTTP header"
            raise ConfigurationError(message)
        if self.scheme is not None and (not isinstance(self.scheme, str) or not _HEADER_NAME.fullmatch(self.scheme)):
            message = "scheme is not one word; for a token that stands alone pass scheme=None"
            raise ConfigurationError(message)
        for name in ("origins", "renew_on"):
            if isinstance(getattr(self, name), str) or not isinstance(getattr(self, name), Collection):
                message = f"{name} is not a collection: pass a tuple or a set"
                raise ConfigurationError(message)
        urls = (*(() if self.base_url is None else (self.base_url,)), *self.origins)
        object.__setattr__(self, "headers", checked_headers(self.headers))
        object.__setattr__(self, "renew_on", frozenset(self.renew_on))
        object.__setattr__(self, "origins", tuple(self.origins))
        object.__setattr__(self, "_allowed", frozenset(map(_configured_origin, urls)) if urls else None)

    def admit(self, url: str, *, allow_insecure_http: bool = False) -> None:
        """Return if the token may go to this URL, else raise OriginNotAllowed or InsecureTransport."""
        try:
            origin = origin_of(url)
        except ValueError:
            message = "Not sent: the URL is not an absolute http or https URL with a plain host."
            raise OriginNotAllowed(message) from None
        if self._allowed is not None and origin not in self._allowed:
            message = (
                f"Not sent: this token may go to {', '.join(sorted(self._allowed))}, not to {origin}. "
                "If that host belongs to the API, name it in ResourceServer(origins=...)."
            )
            raise OriginNotAllowed(message)
        if not (allow_insecure_http or is_secure(origin)):
            message = (
                f"Not sent: {origin} is plain http, where anybody on the way can read the token. Use https, or pass "
                "allow_insecure_http=True to the grant if this network is yours."
            )
            raise InsecureTransport(message)

    def may_receive(self, url: str) -> bool:
        """Tell whether the URL's origin is one of the API's, or any where none is named."""
        try:
            return self._allowed is None or origin_of(url) in self._allowed
        except ValueError:
            return False

    def names(self, url: str) -> bool:
        """Tell whether the URL's origin is one that was named, so that a token on its way there is no leak."""
        return self._allowed is not None and self.may_receive(url)

    def credentials(self, token: Token) -> Presented:
        """Return the header's value that presents the token (RFC 6750 §2.1)."""
        value = Presented(token.access_token if self.scheme is None else f"{self.scheme} {token.access_token}")
        value.token = token
        return value

    def present(self, method: str, url: str, token: Token) -> dict[str, str]:  # noqa: ARG002 - a scheme may sign them
        """Return the headers that an API request carries: the token's and the API's own."""
        return {**self.headers, self.header: self.credentials(token)}

    def refuses(self, status: int, www_authenticate: str | None) -> bool:
        """Tell whether an answer means that the token it was asked with is no good any more.

        An absent WWW-Authenticate counts as "yes": half of the vendors forget it, though RFC 9110 §15.5.2 demands it.
        """
        if status not in self.renew_on:
            return False
        if not www_authenticate:
            return True
        scheme = (self.scheme or "Bearer").lower()
        return any(
            challenge.scheme == scheme and challenge.parameters.get("error") in (None, "", "invalid_token")
            for challenge in parse_challenges(www_authenticate)
        )


def checked_headers(headers: Mapping[str, str]) -> FrozenMapping[str]:
    """Return the headers as an immutable mapping; raise ConfigurationError for what could not stand in a request."""
    if not isinstance(headers, Mapping):
        message = "headers is not a mapping"
        raise ConfigurationError(message)
    for name, value in headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            message = "headers: a name is not the name of an HTTP header"
            raise ConfigurationError(message)
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            message = f"headers[{name!r}] is not a string of ASCII that fits in one line"
            raise ConfigurationError(message)
    return FrozenMapping(headers)


def _configured_origin(url: str) -> str:
    try:
        return origin_of(url)
    except (ValueError, TypeError):
        message = "base_url and origins are http or https URLs with a host"
        raise ConfigurationError(message) from None


def _to_ascii(host: str) -> str:
    import idna  # noqa: PLC0415 - 10 ms that only a host with letters beyond ASCII costs

    return idna.encode(host, uts46=True).decode("ascii")

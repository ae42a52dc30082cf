"""Origins, in one spelling, read strictly (RFC 6454 §4), and whether a redirect's Location stays at one.

What two parsers may read differently has no origin, and a Location that may be read in two ways leaves.
"""

from __future__ import annotations

import re

_DEFAULT_PORTS = {"http": 80, "https": 443}

_SAME_AS = {"ws": "http", "wss": "https"}  # a WebSocket begins as a request to that origin (RFC 6455 §4.1)

# Strict on purpose: what two parsers may read differently (a backslash, white space, a second @, an escape or a sign in
# a host's name) has no origin at all. tests/values/test_origin_fuzz.py asks the parsers.
_AUTHORITY = re.compile(
    r"(https?|wss?)://(?:[^@/\\?#\s]*@)?(?:\[([0-9a-fA-F:.]+)\]|([\w.\-]+))(?::([0-9]{0,5}))?(?=[/?#]|\Z)",
    re.IGNORECASE,
)

# What some parsers drop, and others take for a slash.
_ODD = r"[\x00-\x1f\x7f\\]|^\s"

_WITH_SCHEME = r"[^/?#]*:"


def origin_of(url: str) -> str:
    """Return the origin of a URL in one spelling, as ``scheme://host:port`` (RFC 6454 §4).

    Raises ValueError for what is not an http, https, ws or wss URL.
    """
    match = _AUTHORITY.match(url)
    if match is None:
        message = "not an http or https URL"
        raise ValueError(message)
    scheme = _SAME_AS.get(match[1].lower(), match[1].lower())
    host = _address(match[2]) if match[2] else match[3].lower()
    if not host.isascii():
        host = _to_ascii(host)
    port = int(match[4] or _DEFAULT_PORTS[scheme])
    if port > 65535:
        message = "not a port"
        raise ValueError(message)
    return f"{scheme}://{host}:{port}"


# Labels below a domain, and a domain that somebody can own: two labels, and no address of four numbers.
_BELOW = r"[a-z0-9_-]+(\.[a-z0-9_-]+)*"
_DOMAIN = r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.[a-z0-9_-]*[a-z_-][a-z0-9_-]*"


def origins_of(url: str) -> str:
    """Return an origin as `origin_of` does, or for every host below a domain the pattern ``https://*.x.com:443``.

    Raises ValueError for what is neither, as where a star stands elsewhere or before a domain of less than two labels.
    """
    scheme, star, rest = url.partition("://*.")
    if not star:
        return origin_of(url)
    origin = origin_of(f"{scheme}://{rest}")
    if "@" in rest or not re.fullmatch(_DOMAIN, origin.partition("://")[2].rpartition(":")[0]):
        message = "a star may stand for the hosts below a domain only, as https://*.example.com"
        raise ValueError(message)
    return origin.replace("://", "://*.", 1)


def matches(origin: str, pattern: str) -> bool:
    """Tell whether an origin is a host below a pattern's domain, at any depth; the domain itself is none."""
    scheme, _, domain = pattern.partition("*")
    below = origin[len(scheme) : -len(domain)]
    return origin.startswith(scheme) and origin.endswith(domain) and re.fullmatch(_BELOW, below) is not None


def place_of(url: str) -> str:
    """Cut a URL off after its authority, as a name for where it leads; without a path it is its own name.

    Two URLs of one place have one origin. Only what was judged as a whole, by `origin_of`, may be remembered by it.
    """
    path = url.find("/", 8)
    return url if path < 0 else url[:path]


def has_origin(url: str) -> bool:
    """Tell whether a URL has an origin."""
    return same_origin(url, url)


def same_origin(here: str, there: str) -> bool:
    """Tell whether two URLs have one origin; what has none is like nothing else."""
    try:
        return origin_of(here) == origin_of(there)
    except ValueError:
        return False


def stays(here: str, location: str) -> bool:
    """Tell whether a redirect certainly leads to the origin that it comes from, whatever reads its Location.

    It does if it names that origin, or no origin at all: an absolute path, a query, a fragment, or a relative path that
    cannot be taken for a scheme. Anything else may be read in two ways, and so it leaves.
    """
    if re.search(_ODD, location):
        return False
    if location.startswith("//"):
        return same_origin(here, f"{here.partition(':')[0]}:{location}")
    return same_origin(here, location) if re.match(_WITH_SCHEME, location) else True


def same_resource(here: str, there: str) -> bool:
    """Tell whether two spellings, a caller's and a library's, are one URL; a fragment is not sent."""
    if here == there:
        return True
    return same_origin(here, there) and _beyond(here) == _beyond(there)


def _beyond(url: str) -> str:
    from urllib.parse import unquote  # noqa: PLC0415 - only for an answer that may be of somewhere else

    match = _AUTHORITY.match(url)
    rest = url[match.end() if match else 0 :].partition("#")[0]
    return unquote(rest if rest.startswith("/") else f"/{rest}")


def is_secure(origin: str) -> bool:
    """Tell whether what is sent to this origin stays unread on its way: https, or loopback."""
    return origin.startswith("https://") or is_loopback(origin)


def is_loopback(origin: str) -> bool:
    """Tell whether what is sent to this origin stays on this machine."""
    host = origin.partition("://")[2].rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    from ipaddress import ip_address  # noqa: PLC0415 - only for plain http

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _address(host: str) -> str:
    from ipaddress import IPv6Address  # noqa: PLC0415 - only for those

    return f"[{IPv6Address(host)}]"


def _to_ascii(host: str) -> str:
    import idna  # noqa: PLC0415 - 10 ms that only a host with letters beyond ASCII costs

    # IDNA of 2003 and of 2008, and what is mapped to letters before: libraries use one or the other.
    spelled = {idna.encode(host, uts46=True), idna.encode(host, strict=True, std3_rules=True), host.encode("idna")}
    if len(spelled) > 1:
        message = "a name that is not the same in all versions of IDNA"
        raise ValueError(message)
    return spelled.pop().decode("ascii")

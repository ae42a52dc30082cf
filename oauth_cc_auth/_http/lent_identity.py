"""What a lent session or client adds to a token request, and which client it thereby sends it for.

Default headers reach the wire, and a TLS certificate proves a client (RFC 8705 §2). requests keeps the certificate's
path in the session; httpx, and an adapter of the user's, hide it in an SSLContext, which tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from oauth_cc_auth._http.lending import NOT_LENT

# Every token request has its own, or they are of the connection.
_OWN = NOT_LENT | {"accept", "accept-encoding", "cache-control", "connection"}

# Who sends by another release of the library is no other client.
_LIBRARY = re.compile(r"python-(requests|httpx2?)/[\w.]+|niquests/[\w.]+")


class LentIdentity(NamedTuple):
    """The headers that are added, by their names in lower case, and the client certificate, None without one."""

    headers: dict[str, str]
    certificate: str | bytes | None
    hides_certificate: bool


def identity_of(lent: Any, url: str, own: Collection[str]) -> LentIdentity:
    """Return what this session or client adds to a request to that URL which has `own` headers."""
    left_out = _OWN | {name.lower() for name in own}
    named = ((_text(name).lower(), _text(value)) for name, value in lent.headers.items() if value is not None)
    headers = {name: value for name, value in named if name not in left_out and not _LIBRARY.fullmatch(value)}
    cert = getattr(lent, "cert", None)
    if cert:
        return LentIdentity(headers, _content(cert if isinstance(cert, str) else cert[0]), hides_certificate=False)
    return LentIdentity(headers, None, hides_certificate=not _is_plain(lent, url))


def _is_plain(lent: Any, url: str) -> bool:
    """Tell whether what sends is requests' own adapter, which has no other certificate than the session's."""
    try:
        adapter = type(lent.get_adapter(url))
    except Exception:  # noqa: BLE001 - httpx has none, and requests one for each URL that it knows
        return False
    return adapter.__name__ == "HTTPAdapter" and adapter.__module__ in ("requests.adapters", "niquests.adapters")


def _content(path: str) -> str | bytes:
    # Every machine may have its own at the same path.
    try:
        return Path(path).read_bytes()
    except OSError:
        return path  # the token request will say so


def _text(part: str | bytes) -> str:
    return part.decode("latin-1") if isinstance(part, bytes) else part

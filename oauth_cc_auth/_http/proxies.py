"""Proxies of the environment: none takes what goes to loopback, and none of their passwords is shown."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from typing import Any

from oauth_cc_auth._http.origin import origin_of

_NAMES = ("http_proxy", "https_proxy", "all_proxy")

# A user's name and password in a proxy's address. With a `#` or `/` in it, unescaped, it is no URL, but still a secret.
_USERINFO = r"(?is)(?:[a-z][a-z0-9+.-]*://)?(.*)@"

# To mask less would make a message unreadable.
_SHORTEST = 2


def proxy_of_environment(url: str) -> bool:
    """Tell whether the environment has a proxy that takes plain http to this URL."""
    if not (_variable("http_proxy") or _variable("all_proxy")):
        return False
    import urllib.request as urllib  # noqa: PLC0415 - 10 ms that only a proxy costs

    authority = origin_of(url).partition("://")[2]
    host = authority.rpartition(":")[0].strip("[]")
    if any(urllib.proxy_bypass_environment(name) for name in (authority, host)):  # type: ignore[attr-defined]  # typeshed has it on some systems only
        return False
    return not any(_is_in(host, entry.strip()) for entry in _variable("no_proxy").split(","))


def without_passwords(text: str, proxies: Collection[str] = ()) -> str:
    """Return the text without the passwords of these proxies, and of the environment's."""
    for proxy in (*proxies, *map(_variable, _NAMES)):
        found = re.match(_USERINFO, proxy)
        password = found[1].partition(":")[2] if found else ""
        # A library may quote the part before or after a character that it takes for the end of the host.
        pieces = {password, *re.split(r"[#/?@:]", password)} if password else set()
        for piece in sorted(pieces, key=len, reverse=True):
            if len(piece) >= _SHORTEST:
                text = text.replace(piece, "***")
    return text


def addresses(proxies: Any) -> list[str]:
    """Return the addresses of a session's proxies."""
    return [proxy for proxy in proxies.values() if isinstance(proxy, str)] if isinstance(proxies, dict) else []


def _variable(name: str) -> str:
    return os.environ.get(name) or os.environ.get(name.upper()) or ""


def _is_in(host: str, network: str) -> bool:
    from ipaddress import ip_address, ip_network  # noqa: PLC0415 - only for NO_PROXY

    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False

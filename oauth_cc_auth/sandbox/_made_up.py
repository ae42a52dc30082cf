"""What a preset is given at the sandbox where its user has set nothing."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from oauth_cc_auth.presets._played import SANDBOX_CLIENT, SANDBOX_PUBLIC_CLIENT, placeholder
from oauth_cc_auth.sandbox import vendors
from oauth_cc_auth.sandbox._vendor import Vendor

_HOSTS = frozenset({"host", "domain"})


def made_up(name: str, preset: Callable[..., Any]) -> Callable[[str], str]:
    """Return the function that makes up a preset's arguments, so that the sandbox knows the vendor by them."""
    client = SANDBOX_CLIENT if "client_secret" in signature(preset).parameters else SANDBOX_PUBLIC_CLIENT
    vendor = _vendor_of(name)

    def made(word: str) -> str:
        if word in client:
            return client[word]
        if vendor is not None and word in _HOSTS and (host := _host_of(vendor)):
            return host
        return placeholder(word)

    return made


def _vendor_of(preset: str) -> Vendor | None:
    found = [vendor for vendor in vendors.VENDORS if preset.startswith(vendor.name) or vendor.name.startswith(preset)]
    return max(found, key=lambda vendor: len(vendor.name), default=None)


def _host_of(vendor: Vendor) -> str | None:
    hosts = (pattern.partition("/")[0] for pattern in (*vendor.token_endpoints, *vendor.apis))
    return next((f"sandbox{host[1:]}" for host in hosts if host.startswith("*.") and "*" not in host[1:]), None)

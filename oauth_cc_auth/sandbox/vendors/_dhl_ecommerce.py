"""DHL eCommerce Americas: by the letter, but for errors whose type is an address."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import POST, Refusal, Vendor

_HOSTS = ("api.dhlecs.com", "api-sandbox.dhlecs.com")


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # The digits after the status are made up, the words for an expired token are the page's.
    title = "Access token expired" if refusal.code == "invalid_token" else refusal.description or refusal.reason
    return refusal.status, {"type": f"https://api.dhlecs.com/docs/errors/{refusal.status}.0000000", "title": title}


VENDOR = Vendor(
    "dhl_ecommerce",
    source="https://developer.dhl.com/api-reference/authentication-dhl-ecommerce-americas",
    token_endpoints=tuple(f"{host}/auth/v4/accesstoken" for host in _HOSTS),
    apis=tuple(f"{host}/" for host in _HOSTS),
    auth_methods=frozenset({POST}),
    # How the token endpoint refuses is not documented there.
    api_errors=_api_errors,
)

"""Checkout.com: hosts for each API, perhaps with a client's own subdomain, and errors with a type and codes."""

from __future__ import annotations

import uuid
from typing import Any

from oauth_cc_auth.sandbox._vendor import BASIC, BASIC_AND_POST, HOUR, Refusal, Vendor

_DOMAINS = ("checkout.com", "sandbox.checkout.com")
_APIS = ("api", "files", "transfers", "balances", "forward", "identity-verification")


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # checkout_sdk/exception.py has the members; the words in them are not documented in what was read.
    said = {"request_id": str(uuid.uuid4()), "error_type": refusal.code or "request_invalid"}
    return refusal.status, said | {"error_codes": [refusal.description]}


VENDOR = Vendor(
    "checkout_com",
    # checkout_sdk/environment.py and oauth_credentials.py there.
    source="https://github.com/checkout/checkout-sdk-python",
    token_endpoints=tuple(f"{own}access.{domain}/connect/token" for domain in _DOMAINS for own in ("", "*.")),
    apis=(
        *(f"{name}.{domain}/" for domain in _DOMAINS for name in _APIS),
        *(f"*.api.{domain}/" for domain in _DOMAINS),
    ),
    # The vendor's package sends both; whether Basic alone will do is not documented in what was read.
    auth_methods=frozenset({BASIC, BASIC_AND_POST}),
    # Not documented: the answer says it.
    lifetime=HOUR,
    api_errors=_api_errors,
)

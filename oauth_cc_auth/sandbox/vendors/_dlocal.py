"""dLocal: JSON in, and tokens of three minutes."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import JSON, MINUTE, POST, Vendor

VENDOR = Vendor(
    "dlocal",
    source="https://docs.dlocal.com/reference/security-payouts-v3",
    token_endpoints=("api.dlocal.com/oauth/token",),
    apis=("api.dlocal.com/",),
    bodies=frozenset({JSON}),
    auth_methods=frozenset({POST}),
    always_grants="payouts",
    lifetime=3 * MINUTE,
)

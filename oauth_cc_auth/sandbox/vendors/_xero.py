"""Xero: tokens of half an hour for a custom connection."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import MINUTE, POST, Vendor

VENDOR = Vendor(
    "xero",
    # The endpoint and the client's authentication: https://github.com/XeroAPI/xero-python, api_client/oauth2.py.
    source="https://developer.xero.com/faq/custom-integration",
    token_endpoints=("identity.xero.com/connect/token",),
    apis=("api.xero.com/",),
    auth_methods=frozenset({POST}),
    lifetime=30 * MINUTE,
)

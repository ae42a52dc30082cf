"""Sendcloud: one scope, and an API on another domain."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import HOUR, Vendor

VENDOR = Vendor(
    "sendcloud",
    source="https://sendcloud.dev/api/v3/oauth2/token",
    token_endpoints=("account.sendcloud.com/oauth2/token",),
    apis=("panel.sendcloud.sc/api/",),
    scopes=frozenset({"api"}),
    scope_required=True,
    # https://sendcloud.dev/docs/getting-started/authentication/
    lifetime=HOUR,
)

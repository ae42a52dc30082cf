"""Guesty: tokens for a day, and five of them in each."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import BASIC, DAY, POST, Limit, Vendor

VENDOR = Vendor(
    "guesty",
    # Clients say so; what the refusal looks like was not seen.
    source="https://open-api-docs.guesty.com/",
    token_endpoints=("open-api.guesty.com/oauth2/token",),
    apis=("open-api.guesty.com/v1/",),
    auth_methods=frozenset({POST, BASIC}),
    scopes=frozenset({"open-api"}),
    lifetime=DAY,
    limit=Limit(5, DAY),
)

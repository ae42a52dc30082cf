"""Vertex: ten tokens in eight hours for a client and an audience, and 400 beyond that."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import HOUR, POST, Limit, Vendor

VENDOR = Vendor(
    "vertex",
    source="https://developer.vertexinc.com/certificatecenter/docs/access-token",
    # The hosts of the APIs are not on that page, so the token is good wherever no other vendor is.
    token_endpoints=("auth.vertexcloud.com/oauth/token",),
    required={"audience": "*"},
    scope_required=True,
    auth_methods=frozenset({POST}),
    # Not documented.
    lifetime=HOUR,
    # https://developer.vertexinc.com/payroll/docs/token-caching-with-vertex-restful-apis
    limit=Limit(
        10,
        8 * HOUR,
        by=("audience",),
        status=400,
        code="invalid_request",
        description="Client id audience aud has exceeded the rate limit of 10 tokens/28800 seconds",
    ),
)

"""Amazon Cognito: a user pool's domain, forms only, and no word about the scope that was granted."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import BASIC, BASIC_RAW, POST, Vendor

VENDOR = Vendor(
    "cognito",
    source="https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html",
    token_endpoints=("*.auth.*.amazoncognito.com/oauth2/token",),
    # Whether Basic is decoded is not documented. The revocation endpoint is for refresh tokens alone.
    auth_methods=frozenset({BASIC, BASIC_RAW, POST}),
    # From five minutes to a day, as the client is configured.
    states_scope=False,
    jwt=True,
)

"""LINE, short-lived tokens: thirty days, and revocation that asks for nothing but the token."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import DAY, POST, TOKEN_ALONE, Refusal, Vendor


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    return refusal.status, {"message": refusal.description or refusal.reason}


VENDOR = Vendor(
    "line_short_lived",
    # channel-access-token.yml and messaging-api.yml there. How many tokens a channel may have is not documented in it.
    source="https://github.com/line/line-openapi",
    token_endpoints=("api.line.me/v2/oauth/accessToken",),
    revocation_endpoints=("api.line.me/v2/oauth/revoke",),
    apis=("api.line.me/v2/", "api-data.line.me/v2/"),
    names={"token": "access_token"},
    auth_methods=frozenset({POST}),
    revocation_auth_methods=frozenset({TOKEN_ALONE}),
    states_scope=False,
    lifetime=30 * DAY,
    api_errors=_api_errors,
)

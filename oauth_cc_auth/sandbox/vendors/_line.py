"""LINE, stateless tokens: a quarter of an hour, as many as one likes."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import POST, Refusal, Vendor


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    return refusal.status, {"message": refusal.description or refusal.reason}


VENDOR = Vendor(
    "line",
    # channel-access-token.yml and messaging-api.yml there.
    source="https://github.com/line/line-openapi",
    token_endpoints=("api.line.me/oauth2/v3/token",),
    apis=("api.line.me/v2/", "api-data.line.me/v2/"),
    auth_methods=frozenset({POST}),
    states_scope=False,
    lifetime=899,
    api_errors=_api_errors,
)

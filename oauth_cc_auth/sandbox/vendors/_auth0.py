"""Auth0: a tenant's tokens are for the API that the request names, one's own or the Management API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauth_cc_auth.sandbox._vendor import DAY, FORM, JSON, POST, PRIVATE_KEY_JWT, Refusal, Request, Vendor


def _answer_headers(request: Request) -> Mapping[str, str]:  # noqa: ARG001 - one signature for all
    # The numbers are a tenant's own.
    return {"Auth0-Client-Quota-Limit": "b=per_hour;q=100;r=99;t=3600"}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # Of the Management API; the SDK's parseError reads these four members.
    code = {"insufficient_scope": "insufficient_scope"}.get(refusal.code or "", "invalid_token")
    members = {"statusCode": refusal.status, "error": refusal.reason, "message": refusal.description}
    return refusal.status, members | {"errorCode": code}


VENDOR = Vendor(
    "auth0",
    source="https://auth0.com/docs/api/authentication/client-credential-flow/get-token",
    token_endpoints=("*.auth0.com/oauth/token",),
    apis=("*.auth0.com/api/v2/",),
    any_api=True,
    # The page shows a form; the vendor's libraries send JSON.
    bodies=frozenset({FORM, JSON}),
    auth_methods=frozenset({POST, PRIVATE_KEY_JWT}),
    required={"audience": "*"},
    lifetime=DAY,
    answer_headers=_answer_headers,
    jwt=True,
    api_errors=_api_errors,
)

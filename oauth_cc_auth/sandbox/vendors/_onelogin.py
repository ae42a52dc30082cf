"""OneLogin: the same token until it ends or is revoked, and that by a request of its own kind."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from oauth_cc_auth.sandbox._vendor import BASIC, BASIC_RAW, FORM, HOUR, JSON, POST, Refusal, Request, Vendor


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    created_at = datetime.fromtimestamp(request.now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    # A refresh token too, which this grant has no use for.
    return answer | {"token_type": "bearer", "created_at": created_at, "refresh_token": "unused", "account_id": 555555}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    name = f"{refusal.reason.replace(' ', '')}Error"
    return refusal.status, {"message": refusal.reason, "statusCode": refusal.status, "name": name}


VENDOR = Vendor(
    "onelogin",
    source="https://developers.onelogin.com/api-docs/2/oauth20-tokens/generate-tokens-2",
    token_endpoints=("*.onelogin.com/auth/oauth2/v2/token",),
    revocation_endpoints=("*.onelogin.com/auth/oauth2/revoke",),
    apis=("*.onelogin.com/api/",),
    bodies=frozenset({FORM, JSON}),
    # The page has a header "client_id:…, client_secret:…" as well, which is not played.
    auth_methods=frozenset({POST, BASIC, BASIC_RAW}),
    revocation_auth_methods=frozenset({BASIC, BASIC_RAW}),
    # Of the revocation endpoint.
    names={"token": "access_token"},
    lifetime=10 * HOUR,
    reuses_token=0,
    states_scope=False,
    answer=_answer,
    api_errors=_api_errors,
)

"""Vend Email: no client credentials, but a refresh token that rotates, and a scope that is not the one asked for."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import HOUR, POST, ApiRequest, Request, Vendor


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    return answer | {"created_at": int(request.now)}


def _api(request: ApiRequest) -> Any:
    request.admit(None)
    if request.path == "/api/v1/me":
        return {"id": "123456", "email": "somebody@example.com"}
    return {"method": request.method, "path": request.path}


VENDOR = Vendor(
    "vend_email",
    source="https://vend.email/pages/oauth-authentication",
    token_endpoints=("www.vend.email/oauth/token",),
    authorization_endpoints=("www.vend.email/oauth/authorize",),
    apis=("www.vend.email/api/",),
    auth_methods=frozenset({POST}),
    grant_types=frozenset({"authorization_code", "refresh_token"}),
    scopes=frozenset({"read_user", "public"}),
    # The page asks for read_user and shows an answer with public.
    always_grants="public",
    lifetime=2 * HOUR,
    answer=_answer,
    rotates_refresh_tokens=True,
    api=_api,
)

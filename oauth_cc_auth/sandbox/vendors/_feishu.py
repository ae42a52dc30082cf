"""Feishu (Lark): everything has another name, refusals are 200 with a code, and a young token is returned again."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import HOUR, JSON, MINUTE, POST, Refusal, Request, Vendor, renamed


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    names = {"access_token": "tenant_access_token", "expires_in": "expire", "token_type": None, "scope": None}
    return {"code": 0, "msg": "ok", **renamed(answer, names)}


def _errors(refusal: Refusal) -> tuple[int, Any]:
    # A code that is not 0 is a failure; which there are is not documented on this page.
    return 200, {"code": 1, "msg": refusal.description or refusal.code}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # With which status the API refuses is not documented on this page.
    return refusal.status, {"code": 1, "msg": refusal.description or refusal.reason}


_HOSTS = ("open.feishu.cn", "open.larksuite.com")

VENDOR = Vendor(
    "feishu",
    source="https://open.larkoffice.com/document/server-docs/authentication-management/access-token/tenant_access_token_internal",
    token_endpoints=tuple(f"{host}/open-apis/auth/v3/tenant_access_token/internal" for host in _HOSTS),
    apis=tuple(f"{host}/open-apis/" for host in _HOSTS),
    bodies=frozenset({JSON}),
    names={"client_id": "app_id", "client_secret": "app_secret"},
    client_credentials=frozenset({None}),
    auth_methods=frozenset({POST}),
    lifetime=2 * HOUR,
    answer=_answer,
    reuses_token=30 * MINUTE,
    errors=_errors,
    api_errors=_api_errors,
)

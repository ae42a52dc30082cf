"""X, app-only: one token for an app, returned until it is invalidated, and 403 where it is asked for too often."""

from __future__ import annotations

import math
from typing import Any

from oauth_cc_auth.sandbox._vendor import MINUTE, Limit, Refusal, Request, Vendor


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return {"token_type": "bearer", "access_token": answer["access_token"]}


def _errors(refusal: Refusal) -> tuple[int, Any]:
    # 99: too many token requests. Other codes are not documented on this page: the status stands for them.
    code = 99 if refusal.code == "too_many_requests" else refusal.status
    return refusal.status, {"errors": [{"code": code, "message": refusal.description or refusal.reason}]}


VENDOR = Vendor(
    "x_app_only",
    source="https://developer.x.com/ja/docs/basics/authentication/api-reference/token",
    token_endpoints=("api.x.com/oauth2/token",),
    apis=("api.x.com/", "api.twitter.com/"),
    lifetime=math.inf,
    reuses_token=0,
    answer=_answer,
    # Neither the number nor the window is documented.
    limit=Limit(None, 15 * MINUTE, status=403),
    errors=_errors,
    api_errors=_errors,
)

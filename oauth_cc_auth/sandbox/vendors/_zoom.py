"""Zoom, server to server: a grant type of its own, with the account that the token is for."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import Refusal, Request, Vendor


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return answer | {"token_type": "bearer"}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # 124 is seen with 401 in questions to the vendor; 4700 is documented for a missing scope.
    code = {401: 124, 403: 4700}.get(refusal.status, 300)
    return refusal.status, {"code": code, "message": refusal.description or refusal.reason}


VENDOR = Vendor(
    "zoom",
    source="https://developers.zoom.us/docs/internal-apps/s2s-oauth/",
    token_endpoints=("zoom.us/oauth/token", "zoomgov.com/oauth/token"),
    apis=("*.zoom.us/", "api.zoom.us/v2/", "api.zoomgov.com/v2/"),
    client_credentials=frozenset({"account_credentials"}),
    required={"account_id": "*"},
    answer=_answer,
    api_errors=_api_errors,
)

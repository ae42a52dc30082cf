"""Primavera Unifier: a GET with a user's name and password, and everything one level down."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import BASIC_RAW, DAY, QUERY, Refusal, Request, Vendor, converted, renamed


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    # The page's table has a text for expires_in, its example a number.
    data = converted(renamed(answer, {"token_type": None, "scope": None}), "expires_in", str) | {"auth_type": "Basic"}
    return {"data": data, "message": [], "status": 200}


def _errors(refusal: Refusal) -> tuple[int, Any]:
    return refusal.status, {"data": [], "message": [refusal.description or refusal.reason], "status": refusal.status}


VENDOR = Vendor(
    "primavera",
    source="https://docs.oracle.com/en/industries/construction-engineering/primavera-unifier/26/integration-interface/v2gettokenrestserviceforbasicauthentication-10312800a.html",
    token_endpoints=("*/ws/rest/service/v2/auth/token",),
    apis=("*/ws/rest/service/v2/",),
    methods=frozenset({"GET"}),
    bodies=frozenset({QUERY}),
    client_credentials=frozenset({None}),
    auth_methods=frozenset({BASIC_RAW}),
    # The example's; it is a setting of the user.
    lifetime=2 * DAY,
    answer=_answer,
    errors=_errors,
    api_errors=_errors,
)

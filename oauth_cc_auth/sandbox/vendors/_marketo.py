"""Marketo: credentials in the query, the running token with what is left of its life, and errors with status 200."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import POST, QUERY, Refusal, Request, Vendor

# 600 for no token at all; 601, 602 and 603 are those of the page on error codes.
_CODES = {"missing_token": "600", "invalid_token": "601", "insufficient_scope": "603"}
_EXPIRED = "602"
_NOT_FOUND = "610"


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    # Who asks, and not what may be done.
    return answer | {"token_type": "bearer", "scope": "apis@acmeinc.com"}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    if refusal.status >= 500 or refusal.status in {413, 414}:
        return refusal.status, None
    code = _EXPIRED if refusal.expired else _CODES.get(refusal.code or "", _NOT_FOUND)
    error = {"code": code, "message": refusal.description or refusal.reason}
    return 200, {"requestId": "e42b#14272d07d78", "success": False, "errors": [error]}


VENDOR = Vendor(
    "marketo",
    source="https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/authentication",
    token_endpoints=("*.mktorest.com/identity/oauth/token",),
    apis=("*.mktorest.com/rest/", "*.mktorest.com/bulk/"),
    methods=frozenset({"GET", "POST"}),
    bodies=frozenset({QUERY}),
    auth_methods=frozenset({POST}),
    reuses_token=1,
    answer=_answer,
    # The shape of the identity service's own errors is not documented: that of RFC 6749.
    api_errors=_api_errors,
)

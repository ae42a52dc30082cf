"""360Learning: JSON, a lifetime in words, and a header that names the API's version."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import JSON, POST, Refusal, Request, Vendor, converted

_HOSTS = ("app.360learning.com", "app.us.360learning.com")
_PARAMETERS = frozenset({"grant_type", "client_id", "client_secret", "user_id", "company_id"})


def _check(request: Request) -> None:
    if set(request.parameters) - _PARAMETERS:
        raise Refusal(400, "invalid_request")


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return converted(answer, "expires_in", str)


def _errors(refusal: Refusal) -> tuple[int, Any]:
    return refusal.status, {"error": refusal.code}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    if refusal.status == 401:
        return 401, {"error": "invalid_token"}
    code = "invalid_scope" if refusal.code == "insufficient_scope" else refusal.code or "error"
    return refusal.status, {"error": {"code": code, "message": refusal.description or refusal.reason}}


VENDOR = Vendor(
    "learning_360",
    # The descriptions of the API linked there; 404 and the like are not documented.
    source="https://360learning.readme.io/docs/authentication",
    token_endpoints=tuple(f"{host}/api/v2/oauth2/token" for host in _HOSTS),
    apis=tuple(f"{host}/api/v2/" for host in _HOSTS),
    bodies=frozenset({JSON}),
    auth_methods=frozenset({POST}),
    check=_check,
    states_scope=False,
    answer=_answer,
    errors=_errors,
    api_headers={"360-api-version": "v2.0"},
    api_errors=_api_errors,
)

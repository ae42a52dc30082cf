"""Amadeus for Developers: two environments, and an API whose 401 says in a code what is wrong with the token."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import POST, Refusal, Request, Vendor

_HOSTS = ("api.amadeus.com", "test.api.amadeus.com")

# docs/common-errors.md; the sandbox does not tell an expired token from a revoked one.
_CODES = {"missing_token": (38191, "Invalid HTTP header"), "invalid_token": (38190, "Invalid access token")}
_TOKEN_CODE = 38187


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    return {
        "type": "amadeusOAuth2Token",
        "username": "foo@bar.com",
        "application_name": "sandbox",
        "client_id": request.client_id,
        **answer,
        "state": "approved",
        "scope": "",
    }


def _errors(refusal: Refusal) -> tuple[int, Any]:
    members = {"error": refusal.code, "error_description": refusal.description or refusal.reason}
    return refusal.status, members | {"code": _TOKEN_CODE, "title": "Invalid parameters"}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # Other codes than these are left out here: the status stands for them.
    code, title = _CODES.get(refusal.code or "", (refusal.status, refusal.reason))
    detail = refusal.description or refusal.reason
    return refusal.status, {"errors": [{"code": code, "title": title, "detail": detail, "status": refusal.status}]}


VENDOR = Vendor(
    "amadeus",
    # docs/API-Keys/authorization.md and docs/common-errors.md there.
    source="https://github.com/amadeus4dev/developer-guides",
    token_endpoints=tuple(f"{host}/v1/security/oauth2/token" for host in _HOSTS),
    apis=tuple(f"{host}/" for host in _HOSTS),
    auth_methods=frozenset({POST}),
    lifetime=1799,
    answer=_answer,
    errors=_errors,
    api_errors=_api_errors,
)

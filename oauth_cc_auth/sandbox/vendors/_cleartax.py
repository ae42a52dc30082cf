"""ClearTax: a GET with a secret in a header and nobody's id, and a new token that ends the one before it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from werkzeug.datastructures import Headers, MultiDict

from oauth_cc_auth.sandbox._vendor import DAY, QUERY, Limit, Refusal, Request, Vendor

_HOSTS = ("*.clear.in", "*.cleartax.com")


def _credentials(headers: Headers, parameters: MultiDict[str, str]) -> tuple[str | None, str] | None:  # noqa: ARG001 - one signature for all
    secret = headers.get("x-clear-client-secret")
    return (None, secret) if secret else None


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    lives = answer.get("expires_in")
    ends = (
        None if lives is None else datetime.fromtimestamp(request.now + lives, timezone.utc).isoformat("T", "seconds")
    )
    return {"access_token": answer["access_token"], "valid_till": ends}


def _errors(refusal: Refusal) -> tuple[int, Any]:
    # Which codes there are is not documented.
    error = {"error_code": refusal.code, "error_message": refusal.description, "error_source": "CLEAR"}
    return refusal.status, {"errors": [error]}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    code = "AUTHORIZATION_FAILED" if refusal.status == 401 else "PERMISSION_DENIED"
    return refusal.status, {"status": "FAILED", "errorCode": code, "errorMessage": refusal.description}


VENDOR = Vendor(
    "cleartax",
    source="https://docs.cleartax.in/cleartax-docs/clear-finance-cloud/cfc-api-reference/generate-access-token-api",
    token_endpoints=tuple(f"{host}/integration/v1/authz/token" for host in _HOSTS),
    apis=tuple(f"{host}/" for host in _HOSTS),
    methods=frozenset({"GET"}),
    bodies=frozenset({QUERY}),
    names={"client_id": None},
    client_credentials=frozenset({None}),
    credentials=_credentials,
    # A setting of the client; this one is not documented.
    lifetime=DAY,
    answer=_answer,
    one_token_per_client=True,
    limit=Limit(288, DAY),
    errors=_errors,
    token_header="x-cleartax-auth-token",
    token_scheme=None,
    api_errors=_api_errors,
)

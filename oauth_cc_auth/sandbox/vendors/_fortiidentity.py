"""FortiIdentity Cloud: JSON without a grant type, 201, and what is left of the running token."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import JSON, POST, Refusal, Request, Vendor, renamed


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return renamed(answer, {"token_type": None, "scope": None})


def _errors(refusal: Refusal) -> tuple[int, Any]:
    # Statuses are documented, bodies are not.
    return 401 if refusal.code == "invalid_client" else refusal.status, None


VENDOR = Vendor(
    "fortiidentity",
    source="https://docs.fortinet.com/document/fortiidentity-cloud/latest/rest-api/878669",
    # The host is not documented on this page; this is how Fortinet's are called.
    token_endpoints=("*.fortinet.com/api/v1/login",),
    apis=("*.fortinet.com/api/v1/",),
    bodies=frozenset({JSON}),
    client_credentials=frozenset({None}),
    auth_methods=frozenset({POST}),
    status=201,
    answer=_answer,
    errors=_errors,
)

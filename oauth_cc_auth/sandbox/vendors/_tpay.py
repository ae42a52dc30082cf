"""Tpay: a token request without a grant type."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import HOUR, POST, Request, Vendor

_HOSTS = ("api.tpay.com", "openapi.sandbox.tpay.com")


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    # src/Model/Objects/Authorization/Token.php of https://github.com/tpay-com/tpay-openapi-php
    return answer | {"issued_at": int(request.now), "client_id": request.client_id}


VENDOR = Vendor(
    "tpay",
    source="https://docs-api.tpay.com/first-steps/authorization",
    token_endpoints=tuple(f"{host}/oauth/auth" for host in _HOSTS),
    apis=tuple(f"{host}/" for host in _HOSTS),
    # Whether a grant type would be minded is not documented.
    client_credentials=frozenset({None}),
    auth_methods=frozenset({POST}),
    # Seen in the tests of the vendor's package.
    lifetime=2 * HOUR,
    answer=_answer,
)

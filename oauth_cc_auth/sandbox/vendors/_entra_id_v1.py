"""The v1.0 endpoint of Microsoft Entra ID: `resource` instead of a scope, and numbers as text."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import POST, PRIVATE_KEY_JWT, Request, Vendor


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    times = {}
    if "expires_in" in answer:
        expires_on = int(request.now + answer["expires_in"])
        times = {"expires_in": str(answer["expires_in"]), "expires_on": str(expires_on)}
    return answer | times | {"resource": request.parameters["resource"]}


VENDOR = Vendor(
    "entra_id_v1",
    source="https://learn.microsoft.com/azure/active-directory/azuread-dev/v1-oauth2-client-creds-grant-flow",
    token_endpoints=(
        "login.microsoftonline.com/*/oauth2/token",
        "login.microsoftonline.us/*/oauth2/token",
        "login.partner.microsoftonline.cn/*/oauth2/token",
    ),
    required={"resource": "*"},
    auth_methods=frozenset({POST, PRIVATE_KEY_JWT}),
    lifetime=3599,
    states_scope=False,
    answer=_answer,
    jwt=True,
)

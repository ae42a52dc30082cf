"""Adobe IMS: scopes with commas between them, and APIs that want the client id beside the token."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import CLIENT_ID, FORM, POST, QUERY, Request, Vendor


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return answer | {"token_type": "bearer"}


VENDOR = Vendor(
    "adobe",
    source="https://developer.adobe.com/developer-console/docs/guides/authentication/ServerToServerAuthentication/ims",
    token_endpoints=("ims-na1.adobelogin.com/ims/token/v3",),
    apis=("*.adobe.io/",),
    bodies=frozenset({FORM, QUERY}),
    auth_methods=frozenset({POST}),
    scope_separator=",",
    scope_required=True,
    # Whether the answer names the scope is not documented.
    states_scope=False,
    lifetime=86399,
    answer=_answer,
    api_headers={"x-api-key": CLIENT_ID},
)

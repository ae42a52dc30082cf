"""Dynatrace: a token is for one account, named as its resource, and lives five minutes."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import MINUTE, POST, Request, Vendor


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    return answer | {"resource": request.parameters["resource"]}


VENDOR = Vendor(
    "dynatrace",
    # The shape of errors is not documented there.
    source="https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients/oauth-clients",
    token_endpoints=("sso.dynatrace.com/sso/oauth2/token",),
    # The second in README.md of https://github.com/dynatrace-oss/dynatrace-mcp.
    apis=("api.dynatrace.com/", "*.apps.dynatrace.com/platform/"),
    auth_methods=frozenset({POST}),
    required={"resource": "urn:dtaccount:*"},
    scope_required=True,
    lifetime=5 * MINUTE,
    answer=_answer,
)

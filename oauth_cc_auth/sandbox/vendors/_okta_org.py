"""Okta's org authorization server: it takes a signed assertion and nothing else, and its tokens are for Okta's APIs."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import PRIVATE_KEY_JWT, Refusal, Vendor

_ORGS = ("*.okta.com", "*.oktapreview.com")


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # Which code stands for which refusal is not documented on the pages read.
    code = "E0000006" if refusal.code == "insufficient_scope" else "E0000011"
    return refusal.status, {
        "errorCode": code,
        "errorSummary": refusal.description or refusal.reason,
        "errorLink": code,
        "errorId": "sandbox",
        "errorCauses": [],
    }


VENDOR = Vendor(
    "okta_org",
    source="https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/main/",
    token_endpoints=tuple(f"{org}/oauth2/v1/token" for org in _ORGS),
    revocation_endpoints=tuple(f"{org}/oauth2/v1/revoke" for org in _ORGS),
    apis=tuple(f"{org}/api/" for org in _ORGS),
    scopes=frozenset({"okta.*"}),
    scope_required=True,
    auth_methods=frozenset({PRIVATE_KEY_JWT}),
    jwt=True,
    api_errors=_api_errors,
)

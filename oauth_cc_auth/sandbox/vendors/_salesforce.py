"""Salesforce: the answer says where the API is, and not when the token ends."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import HOUR, POST, TOKEN_ALONE, Refusal, Request, Vendor, renamed


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    # In which unit is not documented in what was read; the sample's number is one of milliseconds.
    return renamed(answer, {"expires_in": None}) | {
        "instance_url": request.url(request.origin),
        "issued_at": str(int(request.now * 1000)),
    }


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # https://developer.salesforce.com/docs/atlas.en-us.260.0.chatterapi.meta/chatterapi/connect_error_responses.htm
    code = "INVALID_SESSION_ID" if refusal.status == 401 else "INSUFFICIENT_ACCESS"
    return refusal.status, [{"message": refusal.description or refusal.reason, "errorCode": code}]


VENDOR = Vendor(
    "salesforce",
    source="https://developer.salesforce.com/docs/atlas.en-us.262.0.chatterapi.meta/chatterapi/quickstart_connecting.htm",
    token_endpoints=("*.my.salesforce.com/services/oauth2/token",),
    # https://developer.salesforce.com/docs/atlas.en-us.mobile_sdk.meta/mobile_sdk/oauth_revoking_tokens.htm
    revocation_endpoints=("*.my.salesforce.com/services/oauth2/revoke",),
    apis=("*.my.salesforce.com/", "api.salesforce.com/"),
    auth_methods=frozenset({POST}),
    revocation_auth_methods=frozenset({TOKEN_ALONE}),
    # A setting of the organization; the default is not documented on this page.
    lifetime=2 * HOUR,
    answer=_answer,
    api_errors=_api_errors,
)

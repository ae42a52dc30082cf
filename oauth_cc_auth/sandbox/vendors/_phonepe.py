"""PhonePe: a version of the credentials, a token type of its own, and the time at which the token ends."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import HOUR, POST, Request, Vendor, renamed


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    # phonepe/sdk/pg/common/token_handler/oauth_response.py of https://github.com/PhonePe/phonepe-pg-sdk-python
    ends = {"expires_at": int(request.now + answer["expires_in"])} if "expires_in" in answer else {}
    told = {"token_type": "O-Bearer", "issued_at": int(request.now)}
    return renamed(answer, {"expires_in": None, "scope": None}) | told | ends


VENDOR = Vendor(
    "phonepe",
    source=(
        "https://developer.phonepe.com/payment-gateway/website-integration/standard-checkout/api-integration/"
        "api-reference/authorization"
    ),
    token_endpoints=(
        "api.phonepe.com/apis/identity-manager/v1/oauth/token",
        "api-preprod.phonepe.com/apis/pg-sandbox/v1/oauth/token",
    ),
    apis=("api.phonepe.com/apis/pg/", "api-preprod.phonepe.com/apis/pg-sandbox/"),
    auth_methods=frozenset({POST}),
    required={"client_version": "*"},
    # Not documented: the answer says when it ends.
    lifetime=HOUR,
    answer=_answer,
    token_scheme="O-Bearer",
)

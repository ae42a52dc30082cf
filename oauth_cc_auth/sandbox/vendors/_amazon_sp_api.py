"""Amazon SP-API, grantless: the token in a header of its own, and 403 where it has expired."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import POST, Refusal, Request, Vendor

# https://github.com/amzn/selling-partner-api-docs/issues/2147; a real denial has no details:
# https://github.com/amzn/selling-partner-api-models/issues/826.
_DENIED = "Access to requested resource is denied."
_EXPIRED = "The access token you provided has expired."
_INVALID = "The access token you provided is revoked, malformed or invalid."


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    # The vendor's developer guide: https://github.com/amzn/selling-partner-api-docs.
    return answer | {"token_type": "bearer"}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    if refusal.status not in {401, 403}:
        said = {"message": refusal.description or refusal.reason, "code": refusal.reason, "details": ""}
        return refusal.status, {"errors": [said]}
    # The status of a refused token is that of a denial; only the details tell them apart. What they are where there is
    # no token is not documented in what was read.
    details = _EXPIRED if refusal.expired else _INVALID if refusal.code == "invalid_token" else ""
    return 403, {"errors": [{"message": _DENIED, "code": "Unauthorized", "details": details}]}


VENDOR = Vendor(
    "amazon_sp_api",
    source="https://developer-docs.amazon.com/sp-api/docs/grantless-operations",
    token_endpoints=("api.amazon.com/auth/o2/token",),
    apis=("sellingpartnerapi-*.amazon.com/", "sandbox.sellingpartnerapi-*.amazon.com/"),
    # The same server gives the tokens of the Creators API.
    any_api=True,
    auth_methods=frozenset({POST}),
    scopes=frozenset({"sellingpartnerapi::*", "creatorsapi::*"}),
    scope_required=True,
    # Whether the answer names the scope is not documented.
    states_scope=False,
    answer=_answer,
    token_header="x-amz-access-token",
    token_scheme=None,
    api_errors=_api_errors,
)

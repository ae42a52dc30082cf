"""Amazon SP-API, grantless: the token in a header of its own, and 403 where it has expired."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import POST, Refusal, Vendor


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # The status of a refused token is that of a denial; only the text tells them apart.
    status, code = (403, "Unauthorized") if refusal.status in {401, 403} else (refusal.status, refusal.reason)
    error = {"code": code, "message": refusal.description or refusal.reason, "details": ""}
    return status, {"errors": [error]}


VENDOR = Vendor(
    "amazon_sp_api",
    source="https://developer-docs.amazon.com/sp-api/docs/grantless-operations",
    token_endpoints=("api.amazon.com/auth/o2/token",),
    apis=("sellingpartnerapi-*.amazon.com/",),
    auth_methods=frozenset({POST}),
    scopes=frozenset({"sellingpartnerapi::*"}),
    scope_required=True,
    # Whether the answer names the scope is not documented.
    states_scope=False,
    token_header="x-amz-access-token",
    token_scheme=None,
    api_errors=_api_errors,
)

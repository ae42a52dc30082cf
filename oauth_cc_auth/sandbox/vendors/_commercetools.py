"""commercetools: a pair of hosts for each region, and scopes that name the project."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import DAY, FORM, QUERY, Refusal, Vendor


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # https://github.com/commercetools/commercetools-api-reference, api-specs/api/types/error/ErrorResponse.raml
    error = {"code": refusal.code or refusal.reason, "message": refusal.description}
    return refusal.status, {"statusCode": refusal.status, "message": refusal.description, "errors": [error]}


VENDOR = Vendor(
    "commercetools",
    source="https://docs.commercetools.com/api/authorization",
    token_endpoints=("auth.*.commercetools.com/oauth/token",),
    apis=("api.*.commercetools.com/",),
    # A query in the reference's oauth.raml, a form in https://github.com/commercetools/commercetools-sdk-typescript.
    bodies=frozenset({FORM, QUERY}),
    scopes=frozenset({"*:*"}),
    lifetime=2 * DAY,
    api_errors=_api_errors,
)

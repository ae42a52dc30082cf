"""eBay: a token type that is no word of the RFC's, 1,000 tokens a day, and errors with numbers."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import DAY, HOUR, Limit, Refusal, Request, Vendor

_HOSTS = ("api.ebay.com", "api.sandbox.ebay.com")


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return answer | {"token_type": "Application Access Token"}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # https://developer.ebay.com/api-docs/static/handling-error-messages.html; the numbers are not documented there.
    number = {401: 1001, 403: 1100}.get(refusal.status, 1000)
    error = {"errorId": number, "domain": "OAuth", "category": "REQUEST", "message": refusal.reason}
    return refusal.status, {"errors": [error | {"longMessage": refusal.description}]}


VENDOR = Vendor(
    "ebay",
    source="https://developer.ebay.com/api-docs/static/oauth-client-credentials-grant.html",
    token_endpoints=tuple(f"{host}/identity/v1/oauth2/token" for host in _HOSTS),
    apis=(*(f"{host}/" for host in _HOSTS), "apiz.ebay.com/", "apim.ebay.com/"),
    scopes=frozenset({"https://api.ebay.com/oauth/*"}),
    states_scope=False,
    # https://developer.ebay.com/api-docs/static/oauth-ui-tokens.html: two hours or less.
    lifetime=2 * HOUR,
    answer=_answer,
    # https://developer.ebay.com/api-docs/static/oauth-rate-limits.html; what is said beyond is not documented.
    limit=Limit(1000, DAY),
    api_errors=_api_errors,
)

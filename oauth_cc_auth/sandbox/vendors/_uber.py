"""Uber: a scope is needed, tokens live a month, and there are 100 of them an hour."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import DAY, HOUR, POST, Limit, Refusal, Vendor


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # https://developer.uber.com/docs/rate-limiting has the members; "unauthorized" is not documented there.
    code = {401: "unauthorized", 429: "rate_limited"}.get(refusal.status, refusal.code or "error")
    return refusal.status, {"message": refusal.description, "code": code}


VENDOR = Vendor(
    "uber",
    source="https://developer.uber.com/docs/consumer-identity/guides/client-credentials-flow",
    token_endpoints=("auth.uber.com/oauth/v2/token",),
    apis=("api.uber.com/",),
    auth_methods=frozenset({POST}),
    # https://developer.uber.com/docs/scim/guides/authentication: at least one.
    scope_required=True,
    lifetime=30 * DAY,
    limit=Limit(100, HOUR),
    api_errors=_api_errors,
)

"""LinkedIn: the token answer names no type, and the API's errors carry a number of the service."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import DAY, POST, Refusal, Request, Vendor


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return {name: answer[name] for name in ("access_token", "expires_in") if name in answer}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # The sample's number is the status; which others there are is not documented there.
    message = refusal.description or refusal.reason
    return refusal.status, {"message": message, "serviceErrorCode": refusal.status, "status": refusal.status}


VENDOR = Vendor(
    "linkedin",
    source="https://learn.microsoft.com/en-us/linkedin/learning/getting-started/authentication",
    token_endpoints=("www.linkedin.com/oauth/v2/accessToken",),
    apis=("api.linkedin.com/",),
    auth_methods=frozenset({POST}),
    lifetime=90 * DAY - 1,
    answer=_answer,
    # https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling
    api_errors=_api_errors,
)

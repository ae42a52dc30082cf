"""UPS: numbers that are text, and errors two levels down."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import Refusal, Request, Vendor, converted

_HOSTS = ("onlinetools.ups.com", "wwwcie.ups.com")


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    return converted(answer, "expires_in", str) | {"issued_at": str(int(request.now * 1000))}


def _errors(refusal: Refusal) -> tuple[int, Any]:
    # Which codes there are is not documented in what was read.
    error = {"code": refusal.code or str(refusal.status), "message": refusal.description or refusal.reason}
    return refusal.status, {"response": {"errors": [error]}}


VENDOR = Vendor(
    "ups",
    # OAuthClientCredentials.yaml there.
    source="https://github.com/UPS-API/api-documentation",
    token_endpoints=tuple(f"{host}/security/v1/oauth/token" for host in _HOSTS),
    apis=tuple(f"{host}/api/" for host in _HOSTS),
    lifetime=14399,
    answer=_answer,
    errors=_errors,
    api_errors=_errors,
)

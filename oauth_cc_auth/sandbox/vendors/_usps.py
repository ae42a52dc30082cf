"""USPS: JSON in, numbers as text out, and 60 token requests an hour."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import HOUR, JSON, POST, Limit, Request, Vendor, converted

_HOSTS = ("apis.usps.com", "apis-tem.usps.com")


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    # https://github.com/USPS/api-examples, README.md
    facts = {"issued_at": str(int(request.now * 1000)), "status": "approved", "issuer": "api.usps.com"}
    return converted(answer, "expires_in", str) | facts | {"client_id": request.client_id}


VENDOR = Vendor(
    "usps",
    source="https://developers.usps.com/getting-started",
    token_endpoints=tuple(f"{host}/oauth2/v3/token" for host in _HOSTS),
    apis=tuple(f"{host}/" for host in _HOSTS),
    bodies=frozenset({JSON}),
    auth_methods=frozenset({POST}),
    always_grants="addresses service-delivery-standards locations prices tracking labels",
    # Not documented: the answer says it.
    lifetime=HOUR,
    answer=_answer,
    limit=Limit(60, HOUR),
)

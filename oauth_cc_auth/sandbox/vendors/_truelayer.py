"""TrueLayer: a scope is needed, and errors are Problem Details (RFC 9457)."""

from __future__ import annotations

import uuid
from typing import Any

from oauth_cc_auth.sandbox._vendor import HOUR, POST, Refusal, Vendor

_DOMAINS = ("truelayer.com", "truelayer-sandbox.com")


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # https://docs.truelayer.com/docs/error-types-for-payments-v3
    title = {401: "Unauthenticated", 403: "Forbidden", 404: "Not Found"}.get(refusal.status, refusal.reason)
    link = f"https://docs.truelayer.com/docs/error-types#{title.lower().replace(' ', '-')}"
    said = {"type": link, "title": title, "status": refusal.status, "detail": refusal.description}
    return refusal.status, said | {"trace_id": str(uuid.uuid4())}


VENDOR = Vendor(
    "truelayer",
    source="https://docs.truelayer.com/docs/retrieve-a-token-in-your-server",
    token_endpoints=tuple(f"auth.{domain}/connect/token" for domain in _DOMAINS),
    apis=tuple(f"api.{domain}/" for domain in _DOMAINS),
    auth_methods=frozenset({POST}),
    scope_required=True,
    lifetime=HOUR,
    api_errors=_api_errors,
)

"""PingOne: an environment's own token endpoint, in each region, and an API whose errors have an id."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import BASIC, CLIENT_SECRET_JWT, POST, PRIVATE_KEY_JWT, Refusal, Vendor

_DOMAINS = ("pingone.com", "pingone.ca", "pingone.eu", "pingone.com.au", "pingone.sg", "pingone.asia")


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # Which code stands for which refusal is not documented on the pages read.
    members = {"code": "ACCESS_FAILED", "message": refusal.description or refusal.reason}
    return refusal.status, {"id": "a3ef9e41-c3a0-4fcb-9b4a-3cb6b9e1a5b1"} | members


VENDOR = Vendor(
    "pingone",
    source="https://developer.pingidentity.com/pingone-api/getting-started/create-a-test-environment/step-1-get-access-token.html",
    token_endpoints=tuple(f"auth.{domain}/*/as/token" for domain in _DOMAINS),
    apis=tuple(f"api.{domain}/" for domain in _DOMAINS),
    # As the app is configured; Basic by default. Tokens of this grant cannot be revoked.
    auth_methods=frozenset({BASIC, POST, CLIENT_SECRET_JWT, PRIVATE_KEY_JWT}),
    states_scope=False,
    jwt=True,
    api_errors=_api_errors,
)

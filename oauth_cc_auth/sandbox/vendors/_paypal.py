"""PayPal: a token with every scope of the app, and errors by name with a debug id."""

from __future__ import annotations

import uuid
from typing import Any

from oauth_cc_auth.sandbox._vendor import HOUR, Refusal, Vendor

_HOSTS = ("api-m.paypal.com", "api-m.sandbox.paypal.com")


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # https://github.com/paypal/paypal-rest-api-specifications, error_401 and error_403.
    name = {401: "AUTHENTICATION_FAILURE", 403: "NOT_AUTHORIZED"}.get(refusal.status, refusal.reason)
    return refusal.status, {"name": name, "message": refusal.description, "debug_id": uuid.uuid4().hex[:13]}


VENDOR = Vendor(
    "paypal",
    source="https://developer.paypal.com/api/rest/authentication/",
    token_endpoints=tuple(f"{host}/v1/oauth2/token" for host in _HOSTS),
    apis=(*(f"{host}/" for host in _HOSTS), "api.paypal.com/"),
    always_grants="https://uri.paypal.com/services/invoicing",
    # Not documented: the answer says it.
    lifetime=9 * HOUR,
    api_errors=_api_errors,
)

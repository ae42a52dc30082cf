"""DigiKey: the client's id beside the token, and errors that say the status once more and have no code."""

from __future__ import annotations

import uuid
from typing import Any

from oauth_cc_auth.sandbox._vendor import CLIENT_ID, MINUTE, POST, Refusal, Vendor

_HOSTS = ("api.digikey.com", "sandbox-api.digikey.com")


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    said = {"ErrorResponseVersion": "3.0.0.0", "StatusCode": refusal.status, "ErrorMessage": refusal.reason}
    return refusal.status, said | {"ErrorDetails": refusal.description, "RequestId": str(uuid.uuid4())}


VENDOR = Vendor(
    "digikey",
    source="https://developer.digikey.com/tutorials-and-resources/oauth-20-2-legged-flow",
    token_endpoints=tuple(f"{host}/v1/oauth2/token" for host in _HOSTS),
    apis=tuple(f"{host}/" for host in _HOSTS),
    auth_methods=frozenset({POST}),
    # https://developer.digikey.com/faq, which does not say of which flow.
    lifetime=30 * MINUTE,
    # https://github.com/Digi-Key/ApiClient.V3
    api_headers={"X-DIGIKEY-Client-Id": CLIENT_ID},
    api_errors=_api_errors,
)

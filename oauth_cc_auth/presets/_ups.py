"""UPS, shipping.

Read at https://github.com/UPS-API/api-documentation (OAuthClientCredentials.yaml, Tracking.yaml).
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# OAuthClientCredentials.yaml, servers; UPS calls the second its Customer Integration Environment.
_ORIGINS = {"production": "https://onlinetools.ups.com", "test": "https://wwwcie.ups.com"}

# Schema tokenErrorResponse there, and the same in the APIs; a token endpoint that fails otherwise may say `error`.
_ERRORS = ErrorFormat(code=("response.errors.0.code", "error"), message="response.errors.0.message")


def ups(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    merchant_id: str | None = None,
    environment: Literal["production", "test"] = "production",
) -> ClientCredentials:
    """Return the grant for UPS's APIs at https://onlinetools.ups.com/api.

    Credentials from the arguments, or from UPS_CLIENT_ID and UPS_CLIENT_SECRET. `merchant_id`, the six digits of a UPS
    account, goes with the token request where it is given. `environment` is "production" or "test". 403 at the token
    endpoint means a blocked merchant, 429 a quota. The answer states a token's life as text.
    """
    origin = one_of(_ORIGINS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{origin}/security/v1/oauth/token",
        client_id=credential(client_id, "UPS_CLIENT_ID"),
        client_secret=credential(client_secret, "UPS_CLIENT_SECRET"),
        headers={} if merchant_id is None else {"x-merchant-id": merchant_id},
        token_response=ResponseFormat(errors=_ERRORS),
        resource_server=ResourceServer(f"{origin}/api", errors=_ERRORS),
    )

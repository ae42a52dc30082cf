"""DigiKey, electronic components.

Read at https://developer.digikey.com/tutorials-and-resources/oauth-20-2-legged-flow and
https://github.com/Digi-Key/ApiClient.V3.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# https://developer.digikey.com/tutorials-and-resources/oauth-20-2-legged-flow
_BASE_URLS = {"production": "https://api.digikey.com", "sandbox": "https://sandbox-api.digikey.com"}

# The same page: a text and its details, the HTTP status once more, and no code.
_ERRORS = ErrorFormat(code=(), message=("ErrorDetails", "ErrorMessage"), request_id="RequestId")


def digikey(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for DigiKey's APIs at https://api.digikey.com.

    Credentials from the arguments, or from DIGIKEY_CLIENT_ID and DIGIKEY_CLIENT_SECRET; the `environment` "sandbox" has
    its own. API calls carry the client id beside the token. What is to be set per call, such as X-DIGIKEY-Account-ID
    or the locale, is the caller's. 429 is answered with Retry-After.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    known_as = credential(client_id, "DIGIKEY_CLIENT_ID")
    return ClientCredentials(
        token_endpoint=f"{base_url}/v1/oauth2/token",
        client_id=known_as,
        client_secret=credential(client_secret, "DIGIKEY_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        # ApiClient/ApiClientService.cs of github.com/Digi-Key/ApiClient.V3
        resource_server=ResourceServer(base_url, headers={"X-DIGIKEY-Client-Id": known_as}, errors=_ERRORS),
    )

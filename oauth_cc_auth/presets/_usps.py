"""USPS, the postal service of the United States.

Read at https://developers.usps.com/getting-started and https://github.com/USPS/api-examples.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._grant.token_endpoint import IssuanceLimit
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# https://developers.usps.com/getting-started: the second is the Testing Environment for Mailers, with the same clients.
_BASE_URLS = {"production": "https://apis.usps.com", "test": "https://apis-tem.usps.com"}

# The same page: each API of the default product, OAuth among them, may be called 60 times an hour.
_LIMIT = IssuanceLimit(60, 3600)


def usps(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    environment: Literal["production", "test"] = "production",
) -> ClientCredentials:
    """Return the grant for USPS's APIs at https://apis.usps.com.

    Credentials from the arguments, or from USPS_CLIENT_ID (the Consumer Key) and USPS_CLIENT_SECRET; they are sent as
    JSON (github.com/USPS/api-examples). `environment` is "production" or "test". The default quota is 60 token requests
    an hour. The answer states a token's life as text; the revocation endpoint is documented for refresh tokens only.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/oauth2/v3/token",
        client_id=credential(client_id, "USPS_CLIENT_ID"),
        client_secret=credential(client_secret, "USPS_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_json",
        scope=scope,
        issuance_limit=_LIMIT,
        resource_server=ResourceServer(base_url),
    )

"""Amadeus for Developers, the self-service APIs of the travel company.

Read at https://developers.amadeus.com/self-service/apis-docs/guides/authorization,
https://github.com/amadeus4dev/developer-guides, https://github.com/amadeus4dev/amadeus-python and
https://github.com/amadeus4dev/amadeus-code-examples/issues/75.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# github.com/amadeus4dev/amadeus-python, amadeus/amadeus.py
_HOSTS = {"production": "api.amadeus.com", "test": "test.api.amadeus.com"}


def amadeus(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "test"] = "production",
) -> ClientCredentials:
    """Return the grant for Amadeus's API at https://api.amadeus.com, or https://test.api.amadeus.com.

    API key and API secret from the arguments, or from AMADEUS_CLIENT_ID and AMADEUS_CLIENT_SECRET. Those of the
    `environment` "test", where every application begins, are others than those of "production". Tokens live 30 minutes;
    one that is expired, revoked or unknown is 401 with a code of its own. One user reports that this portal closes on
    2026-07-01, as the issue above quotes it: look there before you build on it.
    """
    base_url = f"https://{one_of(_HOSTS, environment, 'environment')}"
    return ClientCredentials(
        token_endpoint=f"{base_url}/v1/security/oauth2/token",
        client_id=credential(client_id, "AMADEUS_CLIENT_ID"),
        client_secret=credential(client_secret, "AMADEUS_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(base_url),
    )

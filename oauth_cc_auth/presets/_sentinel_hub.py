"""Sentinel Hub, satellite imagery, of Planet.

Read at https://docs.sentinel-hub.com/api/latest/api/overview/authentication/,
https://docs.planet.com/develop/authentication/ and https://github.com/sentinel-hub/sentinelhub-py.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential
from oauth_cc_auth.presets._environment import facts

# github.com/sentinel-hub/sentinelhub-py, sentinelhub/config.py
_BASE_URL = "https://services.sentinel-hub.com"
_TOKEN_ENDPOINT = "https://services.sentinel-hub.com/auth/realms/main/protocol/openid-connect/token"

# The deployments elsewhere, sentinelhub/constants.py there.
_DEPLOYMENTS = ("https://services-uswest2.sentinel-hub.com", "https://creodias.sentinel-hub.com")


@facts(client_id="SH_CLIENT_ID", client_secret="SH_CLIENT_SECRET")
def sentinel_hub(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Sentinel Hub's API at https://services.sentinel-hub.com.

    Credentials from the arguments, or from SENTINEL_HUB_CLIENT_ID and SENTINEL_HUB_CLIENT_SECRET. Machine-to-machine
    clients of Planet are clients of this server too; Planet's own API does not take these tokens yet. A client that
    requests too many tokens gets 429; how many are too many, and how long one lives, is not documented.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "SENTINEL_HUB_CLIENT_ID"),
        client_secret=credential(client_secret, "SENTINEL_HUB_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(_BASE_URL, origins=_DEPLOYMENTS),
    )

"""OpenSky Network, air traffic.

Read at https://github.com/openskynetwork/opensky-api.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential


def opensky(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for OpenSky's API at https://opensky-network.org/api.

    Credentials from the arguments, or from OPENSKY_CLIENT_ID and OPENSKY_CLIENT_SECRET. Tokens live half an hour.
    """
    return ClientCredentials(
        token_endpoint="https://auth.opensky-network.org/auth/realms/opensky-network/protocol/openid-connect/token",
        client_id=credential(client_id, "OPENSKY_CLIENT_ID"),
        client_secret=credential(client_secret, "OPENSKY_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer("https://opensky-network.org/api"),
    )

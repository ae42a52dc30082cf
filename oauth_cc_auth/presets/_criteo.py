"""Criteo, advertising.

Read at https://github.com/criteo/criteo-python-marketing-sdk.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential


def criteo(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Criteo's API at https://api.criteo.com.

    Credentials from the arguments, or from CRITEO_CLIENT_ID and CRITEO_CLIENT_SECRET.
    """
    return ClientCredentials(
        token_endpoint="https://api.criteo.com/oauth2/token",
        client_id=credential(client_id, "CRITEO_CLIENT_ID"),
        client_secret=credential(client_secret, "CRITEO_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer("https://api.criteo.com"),
    )

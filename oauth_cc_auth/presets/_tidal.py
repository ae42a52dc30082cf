"""TIDAL, music.

Read at https://github.com/tidal-music/tidal-sdk-web.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential


def tidal(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for TIDAL's API at https://openapi.tidal.com/v2.

    Credentials from the arguments, or from TIDAL_CLIENT_ID and TIDAL_CLIENT_SECRET. Its media type is
    ``application/vnd.api+json``.
    """
    return ClientCredentials(
        token_endpoint="https://auth.tidal.com/v1/oauth2/token",
        client_id=credential(client_id, "TIDAL_CLIENT_ID"),
        client_secret=credential(client_secret, "TIDAL_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer("https://openapi.tidal.com/v2"),
    )

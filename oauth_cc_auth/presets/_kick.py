"""Kick, live streams.

Read at https://github.com/KickEngineering/KickDevDocs.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential


def kick(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Kick's API at https://api.kick.com.

    Credentials from the arguments, or from KICK_CLIENT_ID and KICK_CLIENT_SECRET. What belongs to a user is out of
    reach of these tokens.
    """
    return ClientCredentials(
        token_endpoint="https://id.kick.com/oauth/token",
        client_id=credential(client_id, "KICK_CLIENT_ID"),
        client_secret=credential(client_secret, "KICK_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer("https://api.kick.com"),
    )

"""Apaleo, hotel management.

Seen in the code of several independent clients; the vendor's own documentation begins at https://apaleo.dev/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential


def apaleo(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: Several | None = None
) -> ClientCredentials:
    """Return the grant for Apaleo's API at https://api.apaleo.com.

    Credentials from the arguments, or from APALEO_CLIENT_ID and APALEO_CLIENT_SECRET. Without a `scope` all that
    the client has is granted.
    """
    return ClientCredentials(
        token_endpoint="https://identity.apaleo.com/connect/token",
        client_id=credential(client_id, "APALEO_CLIENT_ID"),
        client_secret=credential(client_secret, "APALEO_CLIENT_SECRET"),
        scope=scope,
        resource_server=ResourceServer("https://api.apaleo.com"),
    )

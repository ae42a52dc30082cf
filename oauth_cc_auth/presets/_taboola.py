"""Taboola, its Backstage API.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://developers.taboola.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential


def taboola(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Taboola's Backstage API at https://backstage.taboola.com/backstage/api/1.0.

    Credentials from the arguments, or from TABOOLA_CLIENT_ID and TABOOLA_CLIENT_SECRET.
    """
    return ClientCredentials(
        token_endpoint="https://backstage.taboola.com/backstage/oauth/token",
        client_id=credential(client_id, "TABOOLA_CLIENT_ID"),
        client_secret=credential(client_secret, "TABOOLA_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer("https://backstage.taboola.com/backstage/api/1.0"),
    )

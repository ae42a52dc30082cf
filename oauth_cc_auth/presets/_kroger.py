"""Kroger, groceries.

Seen in the code of several independent clients; the vendor's own documentation begins at https://developer.kroger.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential


def kroger(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: Several | None = None
) -> ClientCredentials:
    """Return the grant for Kroger's API at https://api.kroger.com/v1.

    Credentials from the arguments, or from KROGER_CLIENT_ID and KROGER_CLIENT_SECRET. `scope`, as
    ``product.compact``, or none.
    """
    return ClientCredentials(
        token_endpoint="https://api.kroger.com/v1/connect/oauth2/token",
        client_id=credential(client_id, "KROGER_CLIENT_ID"),
        client_secret=credential(client_secret, "KROGER_CLIENT_SECRET"),
        scope=scope,
        resource_server=ResourceServer("https://api.kroger.com/v1"),
    )

"""Guesty, its Open API for short-term rentals.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://open-api-docs.guesty.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, IssuanceLimit, ResourceServer, Secret, credential


def guesty(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Guesty's Open API at https://open-api.guesty.com/v1.

    Credentials from the arguments, or from GUESTY_CLIENT_ID and GUESTY_CLIENT_SECRET. Tokens live a day, and a
    client gets five a day at most: give the auth class a `store`, so that every process uses the same.
    """
    return ClientCredentials(
        token_endpoint="https://open-api.guesty.com/oauth2/token",
        client_id=credential(client_id, "GUESTY_CLIENT_ID"),
        client_secret=credential(client_secret, "GUESTY_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope="open-api",
        issuance_limit=IssuanceLimit(5, 86_400),
        resource_server=ResourceServer("https://open-api.guesty.com/v1"),
    )

"""Hostaway, short-term rentals.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://api.hostaway.com/documentation.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, facts


@facts(client_id="HOSTAWAY_ACCOUNT_ID", client_secret="HOSTAWAY_API_KEY")
def hostaway(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Hostaway's API at https://api.hostaway.com/v1.

    Credentials from the arguments, or from HOSTAWAY_CLIENT_ID and HOSTAWAY_CLIENT_SECRET. The client id is the
    account's number, and the secret its API key.
    """
    return ClientCredentials(
        token_endpoint="https://api.hostaway.com/v1/accessTokens",
        client_id=credential(client_id, "HOSTAWAY_CLIENT_ID"),
        client_secret=credential(client_secret, "HOSTAWAY_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope="general",
        resource_server=ResourceServer("https://api.hostaway.com/v1"),
    )

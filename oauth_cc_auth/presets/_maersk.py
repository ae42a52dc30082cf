"""Maersk, container shipping.

Seen in the code of several independent clients; the vendor's own documentation begins at https://developer.maersk.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential


def maersk(
    client_id: str | None = None, client_secret: Secret | None = None, *, consumer_key: str | None = None
) -> ClientCredentials:
    """Return the grant for Maersk's APIs at https://api.maersk.com.

    Credentials from the arguments, or from MAERSK_CLIENT_ID and MAERSK_CLIENT_SECRET. The `consumer_key`, usually
    the client id, goes with the token request and with each call.
    """
    headers = {"Consumer-Key": consumer_key or credential(client_id, "MAERSK_CLIENT_ID")}
    return ClientCredentials(
        token_endpoint="https://api.maersk.com/customer-identity/oauth/v2/access_token",
        client_id=credential(client_id, "MAERSK_CLIENT_ID"),
        client_secret=credential(client_secret, "MAERSK_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        headers=headers,
        resource_server=ResourceServer("https://api.maersk.com", headers=headers),
    )

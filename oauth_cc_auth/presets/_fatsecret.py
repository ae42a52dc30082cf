"""FatSecret, nutrition.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://platform.fatsecret.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential


def fatsecret(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: Several = "basic"
) -> ClientCredentials:
    """Return the grant for FatSecret's API at https://platform.fatsecret.com/rest.

    Credentials from the arguments, or from FATSECRET_CLIENT_ID and FATSECRET_CLIENT_SECRET. `scope` is basic or
    premier.
    """
    return ClientCredentials(
        token_endpoint="https://oauth.fatsecret.com/connect/token",
        client_id=credential(client_id, "FATSECRET_CLIENT_ID"),
        client_secret=credential(client_secret, "FATSECRET_CLIENT_SECRET"),
        scope=scope,
        resource_server=ResourceServer("https://platform.fatsecret.com/rest"),
    )

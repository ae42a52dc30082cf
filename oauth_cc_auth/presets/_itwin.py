"""Bentley iTwin Platform.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://developer.bentley.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential


def itwin(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Bentley's iTwin Platform at https://api.bentley.com.

    Credentials from the arguments, or from ITWIN_CLIENT_ID and ITWIN_CLIENT_SECRET. Each call names its version in
    Accept, as ``application/vnd.bentley.itwin-platform.v1+json``.
    """
    return ClientCredentials(
        token_endpoint="https://ims.bentley.com/connect/token",
        client_id=credential(client_id, "ITWIN_CLIENT_ID"),
        client_secret=credential(client_secret, "ITWIN_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope="itwin-platform",
        resource_server=ResourceServer("https://api.bentley.com"),
    )

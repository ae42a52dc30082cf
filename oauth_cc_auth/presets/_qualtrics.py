"""Qualtrics, experience management.

Seen in the code of several independent clients; the vendor's own documentation begins at https://api.qualtrics.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential, label


def qualtrics(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    data_center: str | None = None,
) -> ClientCredentials:
    """Return the grant for Qualtrics' API at https://DATA_CENTER.qualtrics.com/API/v3.

    Credentials from the arguments, or from QUALTRICS_CLIENT_ID and QUALTRICS_CLIENT_SECRET; so are the
    `data_center`, as ``fra1``, and the `scope`, as ``read:distributions``.
    """
    origin = f"https://{label(data_center, 'QUALTRICS_DATA_CENTER', within='qualtrics.com')}.qualtrics.com"
    return ClientCredentials(
        token_endpoint=f"{origin}/oauth2/token",
        client_id=credential(client_id, "QUALTRICS_CLIENT_ID"),
        client_secret=credential(client_secret, "QUALTRICS_CLIENT_SECRET"),
        scope=scope or credential(None, "QUALTRICS_SCOPE"),
        resource_server=ResourceServer(f"{origin}/API/v3"),
    )

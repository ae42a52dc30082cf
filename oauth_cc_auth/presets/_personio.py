"""Personio, its API version 2.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://developer.personio.de/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential


def personio(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    partner_id: str | None = None,
    app_id: str | None = None,
) -> ClientCredentials:
    """Return the grant for Personio's API at https://api.personio.de.

    Credentials from the arguments, or from PERSONIO_CLIENT_ID and PERSONIO_CLIENT_SECRET. `partner_id` and `app_id`
    tell who has made an integration.
    """
    known = {"X-Personio-Partner-ID": partner_id, "X-Personio-App-ID": app_id}
    headers = {name: value for name, value in known.items() if value is not None}
    return ClientCredentials(
        token_endpoint="https://api.personio.de/v2/auth/token",
        client_id=credential(client_id, "PERSONIO_CLIENT_ID"),
        client_secret=credential(client_secret, "PERSONIO_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        headers=headers,
        resource_server=ResourceServer("https://api.personio.de", headers=headers),
    )

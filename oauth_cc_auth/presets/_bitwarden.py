"""Bitwarden, its public API for organizations.

Read at https://github.com/bitwarden/server.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential


def bitwarden(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Bitwarden's public API at https://api.bitwarden.com/public.

    Credentials of an organization from the arguments, or from BITWARDEN_CLIENT_ID, which begins with
    ``organization.``, and BITWARDEN_CLIENT_SECRET. Tokens live an hour.
    """
    return ClientCredentials(
        token_endpoint="https://identity.bitwarden.com/connect/token",
        client_id=credential(client_id, "BITWARDEN_CLIENT_ID"),
        client_secret=credential(client_secret, "BITWARDEN_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope="api.organization",
        resource_server=ResourceServer("https://api.bitwarden.com/public"),
    )

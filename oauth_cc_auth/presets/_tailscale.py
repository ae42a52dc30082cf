"""Tailscale, private networks.

Read at https://github.com/tailscale/tailscale-client-go.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential, facts


@facts(
    client_id=("TAILSCALE_OAUTH_CLIENT_ID", "TS_OAUTH_CLIENT_ID", "TS_CLIENT_ID"),
    client_secret=("TAILSCALE_OAUTH_CLIENT_SECRET", "TS_OAUTH_CLIENT_SECRET", "TS_CLIENT_SECRET"),
)
def tailscale(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: Several | None = None
) -> ClientCredentials:
    """Return the grant for Tailscale's API at https://api.tailscale.com/api/v2.

    Credentials of an OAuth client from the arguments, or from TAILSCALE_CLIENT_ID and TAILSCALE_CLIENT_SECRET.
    Without a `scope` the token has all that the client has.
    """
    return ClientCredentials(
        token_endpoint="https://api.tailscale.com/api/v2/oauth/token",
        client_id=credential(client_id, "TAILSCALE_CLIENT_ID"),
        client_secret=credential(client_secret, "TAILSCALE_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        resource_server=ResourceServer("https://api.tailscale.com/api/v2"),
    )

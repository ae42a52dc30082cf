"""Wiz, cloud security.

Seen in the code of several independent clients; the vendor's own documentation begins at https://docs.wiz.io/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, facts, host


@facts(base_url="WIZ_API_URL")
def wiz(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    base_url: str | None = None,
    auth_host: str = "auth.app.wiz.io",
    audience: str = "wiz-api",
) -> ClientCredentials:
    """Return the grant for Wiz' GraphQL API at `base_url`, as https://api.us17.app.wiz.io/graphql.

    Credentials of a service account from the arguments, or from WIZ_CLIENT_ID and WIZ_CLIENT_SECRET; `base_url`,
    which names the tenant's data centre, from the argument or WIZ_BASE_URL. Tenants of governments, and older ones,
    have another `auth_host`, and perhaps another `audience`.
    """
    return ClientCredentials(
        token_endpoint=f"https://{host(auth_host, 'WIZ_AUTH_HOST')}/oauth/token",
        client_id=credential(client_id, "WIZ_CLIENT_ID"),
        client_secret=credential(client_secret, "WIZ_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        audience=audience,
        resource_server=ResourceServer(credential(base_url, "WIZ_BASE_URL")),
    )

"""Keycloak, the identity server that one runs oneself: tokens for a client's service account.

Read at https://www.keycloak.org/docs/latest/server_admin/, https://www.keycloak.org/securing-apps/oidc-layers,
https://www.keycloak.org/migration/migrating-to-quarkus and https://github.com/keycloak/keycloak.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_authentication import ClientAuthMethod
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, segment, text
from oauth_cc_auth.presets._credentials import host as host_name

_PATH = "KEYCLOAK_RELATIVE_PATH"


def keycloak(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    host: str | None = None,
    realm: str | None = None,
    relative_path: str | None = None,
    base_url: str | None = None,
    token_endpoint_auth_method: ClientAuthMethod = "client_secret_basic",
) -> ClientCredentials:
    """Return the grant for an API of one's own, at `base_url`, that trusts a realm of a Keycloak server.

    Credentials from the arguments, or from KEYCLOAK_CLIENT_ID and KEYCLOAK_CLIENT_SECRET; so are `host`, `realm` and
    `base_url`. A server on this machine may be ``http://localhost:8080``. `relative_path` is that of the server
    (``--http-relative-path``), as ``auth`` for servers before Keycloak 17. `token_endpoint_auth_method` is as the
    client is configured, client_secret_basic or client_secret_post for one with a secret. How long a token lives is a
    setting of the realm or the client.
    """
    # On a developer's own machine the server speaks plain http; the grant refuses that for any other.
    name = text(host, "KEYCLOAK_HOST")
    scheme, name = ("http", name[7:]) if name.lower().startswith("http://") else ("https", name)
    root = f"{scheme}://{host_name(name, 'KEYCLOAK_HOST')}"
    if relative_path is not None:
        root = f"{root}/{segment(text(relative_path, _PATH).strip('/'), _PATH)}"
    endpoints = f"{root}/realms/{segment(realm, 'KEYCLOAK_REALM')}/protocol/openid-connect"
    return ClientCredentials(
        token_endpoint=f"{endpoints}/token",
        client_id=credential(client_id, "KEYCLOAK_CLIENT_ID"),
        client_secret=credential(client_secret, "KEYCLOAK_CLIENT_SECRET"),
        token_endpoint_auth_method=token_endpoint_auth_method,
        scope=scope,
        revocation_endpoint=f"{endpoints}/revoke",
        resource_server=ResourceServer(credential(base_url, "KEYCLOAK_BASE_URL")),
    )

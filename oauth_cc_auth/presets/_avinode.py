"""Avinode, the marketplace for air charter.

Read at https://developer.avinodegroup.com/docs/oauth-management and
https://developer.avinodegroup.com/docs/api-basics.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of
from oauth_cc_auth.presets._credentials import host as host_name

Method: TypeAlias = Literal["client_secret_basic", "client_secret_post", "client_secret_jwt"]

_METHODS: dict[str, Method] = {method: method for method in get_args(Method)}


def avinode(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    host: str | None = None,
    api_token: str | None = None,
    token_endpoint_auth_method: Method = "client_secret_post",
    expires_in_minutes: int | None = None,
) -> ClientCredentials:
    """Return the grant for Avinode's API at https://HOST/api.

    Credentials from the arguments, or from AVINODE_CLIENT_ID and AVINODE_CLIENT_SECRET; the secret itself expires.
    `host`, or AVINODE_HOST, is ``sandbox.avinode.com``, or that of the live environment, which the pages do not name.
    `api_token`, or AVINODE_API_TOKEN, tells the application and goes with each API call; other headers that the API
    wants are the caller's. `token_endpoint_auth_method` is the one that was chosen when the secret was made:
    client_secret_basic, client_secret_post or client_secret_jwt. Tokens live half an hour, or `expires_in_minutes`, 1
    to 120.
    """
    base_url = f"https://{host_name(host, 'AVINODE_HOST')}/api"
    headers = {"X-Avinode-ApiToken": credential(api_token, "AVINODE_API_TOKEN")}
    return ClientCredentials(
        token_endpoint=f"{base_url}/oauth/token",
        client_id=credential(client_id, "AVINODE_CLIENT_ID"),
        client_secret=credential(client_secret, "AVINODE_CLIENT_SECRET"),
        token_endpoint_auth_method=one_of(_METHODS, token_endpoint_auth_method, "token_endpoint_auth_method"),
        parameters={} if expires_in_minutes is None else {"expiresInMinutes": str(expires_in_minutes)},
        resource_server=ResourceServer(base_url, headers=headers),
    )

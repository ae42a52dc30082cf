"""Sendcloud, shipping for online shops.

Read at https://sendcloud.dev/docs/getting-started/authentication/ and https://sendcloud.dev/api/v3/oauth2/token.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# https://sendcloud.dev/api/v3/oauth2/token; the API's host is that of the examples in the guide.
_TOKEN_ENDPOINT = "https://account.sendcloud.com/oauth2/token"
_BASE_URL = "https://panel.sendcloud.sc/api"
_SCOPE = "api"


def sendcloud(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: Several = _SCOPE
) -> ClientCredentials:
    """Return the grant for Sendcloud's API at https://panel.sendcloud.sc/api.

    Credentials from the arguments, or from SENDCLOUD_CLIENT_ID and SENDCLOUD_CLIENT_SECRET, of an integration that is
    set to OAuth2 authentication, which Sendcloud gives to some clients so far. The documented `scope` is ``api``.
    Tokens live an hour.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "SENDCLOUD_CLIENT_ID"),
        client_secret=credential(client_secret, "SENDCLOUD_CLIENT_SECRET"),
        scope=scope,
        resource_server=ResourceServer(_BASE_URL),
    )

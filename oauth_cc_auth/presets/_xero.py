"""Xero, accounting: custom connections.

Read at https://developer.xero.com/faq/custom-integration, https://github.com/XeroAPI/xero-python and
https://github.com/XeroAPI/Xero-OpenAPI.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# xero_python/api_client/oauth2.py of the vendor's package; servers of xero_accounting.yaml.
_TOKEN_ENDPOINT = "https://identity.xero.com/connect/token"
_BASE_URL = "https://api.xero.com"


def xero(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: Several | None = None
) -> ClientCredentials:
    """Return the grant for Xero's APIs at https://api.xero.com, for a custom connection to one organisation.

    Credentials from the arguments, or from XERO_CLIENT_ID and XERO_CLIENT_SECRET. Xero offers custom connections in
    Australia, New Zealand, the UK and the US; elsewhere, and for several organisations, a user has to log in. Tokens
    live 30 minutes. The revocation endpoint is used for refresh tokens only.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "XERO_CLIENT_ID"),
        client_secret=credential(client_secret, "XERO_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        resource_server=ResourceServer(_BASE_URL),
    )

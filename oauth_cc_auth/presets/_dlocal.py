"""dLocal, payouts to emerging markets.

Read at https://docs.dlocal.com/reference/security-payouts-v3.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# https://docs.dlocal.com/reference/security-payouts-v3
_TOKEN_ENDPOINT = "https://api.dlocal.com/oauth/token"
_BASE_URL = "https://api.dlocal.com"


def dlocal(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for dLocal's Payouts API at https://api.dlocal.com.

    Credentials from the arguments, or from DLOCAL_CLIENT_ID and DLOCAL_CLIENT_SECRET; they are sent as JSON. Tokens
    live three minutes. dLocal's payins are signed and know no tokens.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "DLOCAL_CLIENT_ID"),
        client_secret=credential(client_secret, "DLOCAL_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_json",
        resource_server=ResourceServer(_BASE_URL),
    )

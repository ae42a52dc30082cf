"""Tpay, payments in Poland.

Read at https://docs-api.tpay.com/first-steps/authorization and https://github.com/tpay-com/tpay-openapi-php.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# src/Api/ApiAction.php of the vendor's package.
_BASE_URLS = {"production": "https://api.tpay.com", "sandbox": "https://openapi.sandbox.tpay.com"}


def tpay(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for Tpay's Open API at https://api.tpay.com.

    Credentials, the Open API keys, from the arguments, or from TPAY_CLIENT_ID and TPAY_CLIENT_SECRET; the `environment`
    "sandbox" has its own. The token request names no grant type. The answer says how long a token lives.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/oauth/auth",
        client_id=credential(client_id, "TPAY_CLIENT_ID"),
        client_secret=credential(client_secret, "TPAY_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        # https://docs-api.tpay.com/first-steps/authorization lists the client's id and secret alone.
        grant_type=None,
        scope=scope,
        resource_server=ResourceServer(base_url),
    )

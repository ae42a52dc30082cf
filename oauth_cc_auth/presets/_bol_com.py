"""bol.com, for retailers.

Seen in "bol API Conventions", a page below https://api.bol.com/, and in
https://github.com/picqer/bol-retailer-php-client.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, one_of

_BASE_URLS = {"production": "https://api.bol.com/retailer", "demo": "https://api.bol.com/retailer-demo"}


def bol_com(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "demo"] = "production",
) -> ClientCredentials:
    """Return the grant for bol.com's Retailer API at https://api.bol.com/retailer.

    Credentials from the arguments, or from BOL_COM_CLIENT_ID and BOL_COM_CLIENT_SECRET. The `environment` "demo" is
    at https://api.bol.com/retailer-demo. Tokens live minutes. Each call names the API's version in its media type,
    as ``application/vnd.retailer.v10+json``.
    """
    return ClientCredentials(
        token_endpoint="https://login.bol.com/token",
        client_id=credential(client_id, "BOL_COM_CLIENT_ID"),
        client_secret=credential(client_secret, "BOL_COM_CLIENT_SECRET"),
        resource_server=ResourceServer(one_of(_BASE_URLS, environment, "environment")),
    )

"""DHL eCommerce Americas, version 4 of its API.

Read at https://developer.dhl.com/api-reference/authentication-dhl-ecommerce-americas and
https://developer.dhl.com/api-reference/errors.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# The sandbox stands in the first page's example, the other in the second's.
_BASE_URLS = {"production": "https://api.dhlecs.com", "sandbox": "https://api-sandbox.dhlecs.com"}

# https://developer.dhl.com/api-reference/errors; `type` is the address of an explanation.
_ERRORS = ErrorFormat(code="type", message="title")


def dhl_ecommerce(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for DHL eCommerce Americas' API at https://api.dhlecs.com, or https://api-sandbox.dhlecs.com.

    Credentials from the arguments, or from DHL_ECOMMERCE_CLIENT_ID and DHL_ECOMMERCE_CLIENT_SECRET. `environment` is
    ``production`` or ``sandbox``. Tokens live an hour.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/auth/v4/accesstoken",
        client_id=credential(client_id, "DHL_ECOMMERCE_CLIENT_ID"),
        client_secret=credential(client_secret, "DHL_ECOMMERCE_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(base_url, errors=_ERRORS),
    )

"""PayPal, payments.

Read at https://developer.paypal.com/api/rest/authentication/, https://developer.paypal.com/api/make-api-requests and
https://github.com/paypal/paypal-rest-api-specifications.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# https://developer.paypal.com/api/make-api-requests, which says "live" for production. Links in answers of the older
# Payments API name the other host, openapi/payments_payment_v1.json of the specifications.
_LINKS = {"production": ("https://api.paypal.com",), "sandbox": ()}
_BASE_URLS = {"production": "https://api-m.paypal.com", "sandbox": "https://api-m.sandbox.paypal.com"}

# openapi/checkout_orders_v2.json of the specifications, schema error_401; else the words of RFC 6749.
_ERRORS = ErrorFormat(
    code=("name", "error"), message=("message", "error_description"), request_id="debug_id", required_scope=()
)


def paypal(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for PayPal's REST APIs at https://api-m.paypal.com.

    Credentials from the arguments, or from PAYPAL_CLIENT_ID and PAYPAL_CLIENT_SECRET; those of the `environment`
    "sandbox" are others. The token has all scopes that the app was given; the answer says how long it lives. 403 is
    NOT_AUTHORIZED, a permission that is missing, so only 401 renews.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/v1/oauth2/token",
        client_id=credential(client_id, "PAYPAL_CLIENT_ID"),
        client_secret=credential(client_secret, "PAYPAL_CLIENT_SECRET"),
        resource_server=ResourceServer(base_url, origins=one_of(_LINKS, environment, "environment"), errors=_ERRORS),
    )

"""Checkout.com, payments.

Read at https://www.checkout.com/docs/resources/api-authentication/oauth-2-0-client-credentials and
https://github.com/checkout/checkout-sdk-python.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, label, one_of

# checkout_sdk/environment.py and environment_subdomain.py of the vendor's package: each API has a host of its own, and
# a client's own subdomain stands before those of the authorization server and the main API.
_DOMAINS = {"production": "checkout.com", "sandbox": "sandbox.checkout.com"}
_FURTHER_APIS = ("files", "transfers", "balances", "forward", "identity-verification")

# checkout_sdk/exception.py
_ERRORS = ErrorFormat(code="error_type", message="error_codes.0", request_id=("request_id", "cko-request-id"))


def checkout_com(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    subdomain: str | None = None,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for Checkout.com's APIs at https://api.checkout.com.

    Credentials, an access key's id and secret, from the arguments, or from CHECKOUT_COM_CLIENT_ID and
    CHECKOUT_COM_CLIENT_SECRET; they go into the Basic header and the body, as in the vendor's own package. `scope`
    names what the token is for, such as ``gateway``. A `subdomain` that Checkout.com gave you stands before its hosts.
    The `environment` "sandbox" has its own keys. The answer says how long a token lives.
    """
    domain = one_of(_DOMAINS, environment, "environment")
    own = "" if subdomain is None else f"{label(subdomain, 'CHECKOUT_COM_SUBDOMAIN')}."
    further = tuple(f"https://{name}.{domain}" for name in _FURTHER_APIS)
    return ClientCredentials(
        token_endpoint=f"https://{own}access.{domain}/connect/token",
        client_id=credential(client_id, "CHECKOUT_COM_CLIENT_ID"),
        client_secret=credential(client_secret, "CHECKOUT_COM_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_basic_and_post",
        scope=scope,
        resource_server=ResourceServer(f"https://{own}api.{domain}", origins=further, errors=_ERRORS),
    )

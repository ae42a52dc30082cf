"""TrueLayer, payments from bank to bank.

Read at https://docs.truelayer.com/docs/retrieve-a-token-in-your-server,
https://docs.truelayer.com/docs/test-payments-in-sandbox, https://docs.truelayer.com/docs/signup-errors and
https://github.com/TrueLayer/truelayer-java.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# src/main/java/com/truelayer/java/Environment.java of the vendor's package.
_DOMAINS = {"live": "truelayer.com", "sandbox": "truelayer-sandbox.com"}

# https://docs.truelayer.com/docs/signup-errors: Problem Details (RFC 9457); the type is a link.
_ERRORS = ErrorFormat(code="title", message=("detail", "title"), request_id="trace_id")


def truelayer(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several = "payments",
    environment: Literal["live", "sandbox"] = "live",
) -> ClientCredentials:
    """Return the grant for TrueLayer's Payments API at https://api.truelayer.com.

    Credentials from the arguments, or from TRUELAYER_CLIENT_ID and TRUELAYER_CLIENT_SECRET; the `environment` "sandbox"
    has its own. A `scope` is required, ``payments`` at least. Requests that move money are signed besides, which is the
    caller's. 403 means a missing scope, so only 401 renews. Tokens live an hour.
    """
    domain = one_of(_DOMAINS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"https://auth.{domain}/connect/token",
        client_id=credential(client_id, "TRUELAYER_CLIENT_ID"),
        client_secret=credential(client_secret, "TRUELAYER_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        resource_server=ResourceServer(f"https://api.{domain}", errors=_ERRORS),
    )

"""Uber, its APIs without a user: Direct, Eats, Business.

Read at https://developer.uber.com/docs/consumer-identity/guides/client-credentials-flow,
https://developer.uber.com/docs/deliveries/authentication and https://developer.uber.com/docs/rate-limiting.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._grant.token_endpoint import IssuanceLimit
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# https://developer.uber.com/docs/consumer-identity/guides/client-credentials-flow; the API's host is that of
# https://developer.uber.com/docs/deliveries/authentication.
_TOKEN_ENDPOINT = "https://auth.uber.com/oauth/v2/token"
_BASE_URL = "https://api.uber.com"
_LIMIT = IssuanceLimit(100, 3600)

# https://developer.uber.com/docs/rate-limiting
_ERRORS = ErrorFormat(code="code", message="message")


def uber(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: Several | None = None
) -> ClientCredentials:
    """Return the grant for Uber's APIs at https://api.uber.com.

    Credentials from the arguments, or from UBER_CLIENT_ID and UBER_CLIENT_SECRET. At least one `scope` is needed, such
    as ``eats.deliveries``. Tokens live 30 days. Uber gives 100 of them an hour, then answers 429, and a further token
    may end the oldest.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "UBER_CLIENT_ID"),
        client_secret=credential(client_secret, "UBER_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        issuance_limit=_LIMIT,
        resource_server=ResourceServer(_BASE_URL, errors=_ERRORS),
    )

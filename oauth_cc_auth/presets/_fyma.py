"""Fyma, camera analytics.

Read at https://docs.fyma.ai/auth.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._grant.static_token import StaticToken
from oauth_cc_auth._resource_server.error_format import ApiError
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential
from oauth_cc_auth.presets._environment import facts

# https://docs.fyma.ai/auth
_TOKEN_ENDPOINT = "https://auth.fyma.ai/oauth/token"
_BASE_URL = _AUDIENCE = "https://api.fyma.ai"


def _is_the_limit(said: ApiError) -> bool:
    # The page has a daily limit and not what tells it: 429 is the status for that (RFC 6585 §4).
    return said.status == 429


def fyma(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Fyma's API at https://api.fyma.ai.

    Credentials from the arguments, or from FYMA_CLIENT_ID and FYMA_CLIENT_SECRET; they go into a JSON body. Tokens
    live a day. Fyma issues a limited number of tokens a day and does not say how many: share one by a store where
    several processes need it. A 429 of its token endpoint is a `TokenBudgetExceeded`.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "FYMA_CLIENT_ID"),
        client_secret=credential(client_secret, "FYMA_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_json",
        audience=_AUDIENCE,
        token_response=ResponseFormat(limit_reached=_is_the_limit),
        resource_server=ResourceServer(_BASE_URL),
    )


@facts(prefix="FYMA")
def fyma_legacy(token_id: str | None = None, token_secret: str | None = None) -> StaticToken:
    """Return a legacy token, from the arguments or FYMA_TOKEN_ID and FYMA_TOKEN_SECRET: HTTP Basic on the API."""
    return StaticToken.basic(
        credential(token_id, "FYMA_TOKEN_ID"),
        credential(token_secret, "FYMA_TOKEN_SECRET"),
        resource_server=ResourceServer(_BASE_URL),
    )

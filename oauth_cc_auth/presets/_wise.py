"""Wise Platform, money transfer, for partners: requests that are about no one customer.

Read at https://docs.wise.com/guides/developer/auth-and-security/client-credentials-token,
https://docs.wise.com/guides/developer/auth-and-security/oauth-2-setup.md and https://docs.wise.com/guides/developer.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# https://docs.wise.com/guides/developer
_BASE_URLS = {"production": "https://api.wise.com", "sandbox": "https://api.wise-sandbox.com"}


def wise(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for the Wise Platform API at https://api.wise.com, or https://api.wise-sandbox.com.

    Credentials from the arguments, or from WISE_CLIENT_ID and WISE_CLIENT_SECRET; the `environment` ``sandbox`` has its
    own. Wise asks its partners for a TLS client certificate besides: give it to the session or client that makes the
    calls, and pass that as `session` or `client`. Tokens live 12 hours. Profiles, balances and transfers need a user's
    token instead.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/oauth/token",
        client_id=credential(client_id, "WISE_CLIENT_ID"),
        client_secret=credential(client_secret, "WISE_CLIENT_SECRET"),
        # The page's example is curl -u, which joins the two as they are.
        token_endpoint_auth_method="client_secret_basic_raw",
        # Beside expires_in, which counts where both are there.
        token_response=ResponseFormat(expires_at="expires_at"),
        resource_server=ResourceServer(base_url),
    )

"""Vend Email, by Paced. It has no client credentials: a user logs in once, and a rotating refresh token goes on.

Read at https://vend.email/pages/oauth-authentication and https://vend.email/pages/api-token-authentication.
"""

from __future__ import annotations

import os

from oauth_cc_auth._grant.authorization_code import AuthorizationCode
from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._grant.static_token import StaticToken
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential
from oauth_cc_auth.presets._environment import facts

# https://vend.email/pages/oauth-authentication
_AUTHORIZATION_ENDPOINT = "https://www.vend.email/oauth/authorize"
_TOKEN_ENDPOINT = "https://www.vend.email/oauth/token"
_BASE_URL = "https://www.vend.email/api/v1"


@facts(probe="/me")
def vend_email(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    refresh_token: str | None = None,
    redirect_uri: str | None = None,
    scope: Several | None = "read_user",
    login: str | None = None,
) -> AuthorizationCode:
    """Return the grant for Vend Email's API on behalf of a user who logs in: ``oauth-cc-auth login vend-email``.

    Credentials from the arguments, or from VEND_EMAIL_CLIENT_ID and VEND_EMAIL_CLIENT_SECRET; the refresh token of a
    login made elsewhere from the argument or VEND_EMAIL_REFRESH_TOKEN. `login` tells several users apart.

    Each renewal brings a new refresh token, so give the source a
    store that outlives the process: without one the next process has the first refresh token only. Tokens live two
    hours. The scope granted is ``public`` whatever was asked for.
    """
    return AuthorizationCode(
        authorization_endpoint=_AUTHORIZATION_ENDPOINT,
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "VEND_EMAIL_CLIENT_ID"),
        client_secret=credential(client_secret, "VEND_EMAIL_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        redirect_uri=redirect_uri,
        scope=scope,
        refresh_token=refresh_token or os.environ.get("VEND_EMAIL_REFRESH_TOKEN") or None,
        login=login,
        how_to_log_in="Run: oauth-cc-auth login vend-email",
        resource_server=ResourceServer(_BASE_URL),
    )


@facts(probe="/me", prefix="VEND_EMAIL")
def vend_email_personal(token: str | None = None) -> StaticToken:
    """Return a personal access token, from the argument or VEND_EMAIL_TOKEN.

    See https://vend.email/pages/api-token-authentication; such tokens begin with ``ve_token_``.
    """
    return StaticToken(credential(token, "VEND_EMAIL_TOKEN"), resource_server=ResourceServer(_BASE_URL))

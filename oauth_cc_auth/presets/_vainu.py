"""Vainu, company data.

Read at https://developers.vainu.com/v3/docs/client-credentials-authentication and
https://github.com/vainu-app/vainu-cli.
"""

from __future__ import annotations

from oauth_cc_auth._grant.authorization_code import AuthorizationCode
from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._grant.static_token import StaticToken
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential
from oauth_cc_auth.presets._environment import facts

# https://developers.vainu.com/v3/docs/client-credentials-authentication; the slash at the end belongs to the address.
_TOKEN_ENDPOINT = "https://api.vainu.io/api/oauth/token/"
_BASE_URL = "https://api.vainu.io/api"

# github.com/vainu-app/vainu-cli, src/vainu_cli/common.py
_REVOCATION_ENDPOINT = "https://api.vainu.io/api/oauth/revoke_token/"
_AUTHORIZATION_ENDPOINT = "https://app.vainu.io/api/oauth/authorize/"


def vainu(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: Several | None = "vainu:api"
) -> ClientCredentials:
    """Return the grant for Vainu's API at https://api.vainu.io/api.

    Credentials from the arguments, or from VAINU_CLIENT_ID and VAINU_CLIENT_SECRET, made in Settings → API Access.
    Deleting the application there ends all its tokens at once, and rotating its secret the old secret. Vainu answers
    ``invalid_grant`` where others answer ``unsupported_grant_type``. How long a token lives is not documented.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "VAINU_CLIENT_ID"),
        client_secret=credential(client_secret, "VAINU_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        revocation_endpoint=_REVOCATION_ENDPOINT,
        resource_server=ResourceServer(_BASE_URL),
    )


def vainu_user(
    client_id: str | None = None,
    *,
    scope: Several | None = "vainu:api offline_access",
    redirect_uri: str | None = None,
    refresh_token: str | None = None,
    login: str | None = None,
) -> AuthorizationCode:
    """Return the grant for Vainu's API on behalf of a user who logs in: ``oauth-cc-auth login vainu-user``.

    A public client with PKCE, as the vendor's own command line is (github.com/vainu-app/vainu-cli): its id from the
    argument or VAINU_USER_CLIENT_ID. `login` tells several users apart.
    """
    return AuthorizationCode(
        authorization_endpoint=_AUTHORIZATION_ENDPOINT,
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "VAINU_USER_CLIENT_ID"),
        token_endpoint_auth_method="none",
        scope=scope,
        redirect_uri=redirect_uri,
        refresh_token=refresh_token,
        login=login,
        how_to_log_in="Run: oauth-cc-auth login vainu-user",
        revocation_endpoint=_REVOCATION_ENDPOINT,
        resource_server=ResourceServer(_BASE_URL),
    )


@facts(prefix="VAINU_API")
def vainu_api_key(key: str | None = None) -> StaticToken:
    """Return an API key for Vainu, from the argument or VAINU_API_KEY (github.com/vainu-app/vainu-cli)."""
    return StaticToken(
        credential(key, "VAINU_API_KEY"), resource_server=ResourceServer(_BASE_URL, header="API-Key", scheme=None)
    )

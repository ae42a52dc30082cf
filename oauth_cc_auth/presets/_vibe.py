"""Vibe, the advertising platform for connected TV.

Read at https://developers.vibe.co/docs/start-your-client-credentials-flow,
https://developers.vibe.co/docs/universal-authorization, https://developers.vibe.co/docs/api-concepts,
https://developers.vibe.co/reference/oauth2token and https://github.com/vibe-ad/vibe-cli.
"""

from __future__ import annotations

from oauth_cc_auth._grant.authorization_code import AuthorizationCode
from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._grant.static_token import StaticToken
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential
from oauth_cc_auth.presets._environment import facts

# https://developers.vibe.co/docs/start-your-client-credentials-flow
_BASE_URL = "https://api.vibe.co"
_TOKEN_ENDPOINT = "https://api.vibe.co/oauth2/token"

# github.com/vibe-ad/vibe-cli, src/auth/oauth-client.ts: not the /oauth2/authorize of the reference page's name.
_AUTHORIZATION_ENDPOINT = "https://api.vibe.co/oauth2/auth"

# https://developers.vibe.co/docs/api-concepts; universal-authorization has `title` for `message`.
_ERRORS = ErrorFormat(
    code="error.type",
    message=("error.message", "error.title"),
    request_id="error.request_id",
    required_scope="error.detail.required_scope",
)

# The docs write 2026-05 (https://developers.vibe.co/docs/api-versioning), the migration guide asks for YYYY-MM-DD, and
# the vendor's own command line sends this one (github.com/vibe-ad/vibe-cli, openapi/manifest.json).
_REVISION = "2026-06-01"


def vibe(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    revision: str = _REVISION,
) -> ClientCredentials:
    """Return the grant for Vibe's API at https://api.vibe.co.

    Credentials from the arguments, or from VIBE_CLIENT_ID and VIBE_CLIENT_SECRET. `scope`, such as ``campaigns:read``;
    without one the token has all that the client was given. `revision` of the API is sent with each API call (see
    https://developers.vibe.co/docs/universal-authorization). 403 means a missing scope, so only 401 renews. Tokens live
    an hour.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "VIBE_CLIENT_ID"),
        client_secret=credential(client_secret, "VIBE_CLIENT_SECRET"),
        scope=scope,
        resource_server=_api(revision),
    )


def vibe_user(
    client_id: str | None = None,
    *,
    scope: Several | None = None,
    redirect_uri: str | None = None,
    refresh_token: str | None = None,
    login: str | None = None,
    revision: str = _REVISION,
) -> AuthorizationCode:
    """Return the grant for Vibe's API on behalf of a user who logs in: ``oauth-cc-auth login vibe-user``.

    A public client with PKCE, as the vendor's own command line is (github.com/vibe-ad/vibe-cli): its id from the
    argument or VIBE_USER_CLIENT_ID. An answer without a new refresh token keeps the old one. `login` tells several
    users apart.
    """
    return AuthorizationCode(
        authorization_endpoint=_AUTHORIZATION_ENDPOINT,
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "VIBE_USER_CLIENT_ID"),
        token_endpoint_auth_method="none",
        scope=scope,
        redirect_uri=redirect_uri,
        refresh_token=refresh_token,
        login=login,
        how_to_log_in="Run: oauth-cc-auth login vibe-user",
        resource_server=_api(revision),
    )


def _api(revision: str) -> ResourceServer:
    return ResourceServer(_BASE_URL, headers={"X-Vibe-Revision": revision}, errors=_ERRORS)


@facts(prefix="VIBE_API")
def vibe_api_key(key: str | None = None) -> StaticToken:
    """Return a legacy API key for Vibe, from the argument or VIBE_API_KEY.

    Vibe ends these keys on 2027-01-01: https://developers.vibe.co/docs/migration-guide-from-api-key.
    """
    server = ResourceServer(_BASE_URL, header="X-API-KEY", scheme=None)
    return StaticToken(credential(key, "VIBE_API_KEY"), resource_server=server)

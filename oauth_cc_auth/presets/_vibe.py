"""Vibe, the advertising platform for connected TV."""

from __future__ import annotations

from oauth_cc_auth._grants import ClientCredentials, Secret, Several, StaticToken
from oauth_cc_auth._resource_server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# https://developers.vibe.co/docs/start-your-client-credentials-flow
_BASE_URL = "https://api.vibe.co"
_TOKEN_ENDPOINT = "https://api.vibe.co/oauth2/token"

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
        resource_server=ResourceServer(_BASE_URL, headers={"X-Vibe-Revision": revision}),
    )


def vibe_api_key(key: str | None = None) -> StaticToken:
    """Return a legacy API key for Vibe, from the argument or VIBE_API_KEY.

    Vibe ends these keys on 2027-01-01: https://developers.vibe.co/docs/migration-guide-from-api-key.
    """
    server = ResourceServer(_BASE_URL, header="X-API-KEY", scheme=None)
    return StaticToken(credential(key, "VIBE_API_KEY"), resource_server=server)

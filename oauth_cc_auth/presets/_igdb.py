"""IGDB, the database of games. Its authorization server is Twitch.

Read at https://github.com/igdb/igdb-api-python, https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/ and
https://dev.twitch.tv/docs/authentication/revoke-tokens.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential
from oauth_cc_auth.presets._environment import facts

_TOKEN_ENDPOINT = "https://id.twitch.tv/oauth2/token"
_REVOCATION_ENDPOINT = "https://id.twitch.tv/oauth2/revoke"

# github.com/igdb/igdb-api-python, src/igdb/wrapper.py
_BASE_URL = "https://api.igdb.com/v4"


@facts(client_id="TWITCH_CLIENT_ID", client_secret="TWITCH_CLIENT_SECRET")
def igdb(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for IGDB's API at https://api.igdb.com/v4.

    Credentials are those of an application at Twitch, from the arguments, or from IGDB_CLIENT_ID and
    IGDB_CLIENT_SECRET. The id goes with each API call too; queries are sent by POST.
    """
    identity = credential(client_id, "IGDB_CLIENT_ID")
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=identity,
        client_secret=credential(client_secret, "IGDB_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        revocation_endpoint=_REVOCATION_ENDPOINT,
        # https://dev.twitch.tv/docs/authentication/revoke-tokens: the id and the token, no secret.
        revocation_endpoint_auth_method="none",
        resource_server=ResourceServer(_BASE_URL, headers={"Client-ID": identity}),
    )

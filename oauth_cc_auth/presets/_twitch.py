"""Twitch, with an app access token.

Read at https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/,
https://dev.twitch.tv/docs/authentication/validate-tokens, https://dev.twitch.tv/docs/authentication/revoke-tokens and
https://github.com/twitchdev/twitch-cli.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# github.com/twitchdev/twitch-cli, internal/login/login.go
_TOKEN_ENDPOINT = "https://id.twitch.tv/oauth2/token"
_REVOCATION_ENDPOINT = "https://id.twitch.tv/oauth2/revoke"
_BASE_URL = "https://api.twitch.tv/helix"


def twitch(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Twitch's API at https://api.twitch.tv/helix.

    Credentials from the arguments, or from TWITCH_CLIENT_ID and TWITCH_CLIENT_SECRET. The id goes with each API call
    too. A token may be revoked before its time, which the API says with 401; an application that keeps a token but does
    not call must ask https://id.twitch.tv/oauth2/validate every hour, which is left to the caller.
    """
    identity = credential(client_id, "TWITCH_CLIENT_ID")
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=identity,
        client_secret=credential(client_secret, "TWITCH_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        revocation_endpoint=_REVOCATION_ENDPOINT,
        # https://dev.twitch.tv/docs/authentication/revoke-tokens: the id and the token, no secret.
        revocation_endpoint_auth_method="none",
        resource_server=ResourceServer(_BASE_URL, headers={"Client-Id": identity}),
    )

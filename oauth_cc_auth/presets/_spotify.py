"""Spotify, its Web API without a user.

Read at https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow,
https://developer.spotify.com/documentation/web-api/concepts/access-token,
https://developer.spotify.com/documentation/web-api/concepts/api-calls and
https://github.com/spotify/web-api-examples.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential
from oauth_cc_auth.presets._environment import facts

# github.com/spotify/web-api-examples, authorization/client_credentials/app.js
_TOKEN_ENDPOINT = "https://accounts.spotify.com/api/token"
_BASE_URL = "https://api.spotify.com/v1"


@facts(client_id="SPOTIPY_CLIENT_ID", client_secret="SPOTIPY_CLIENT_SECRET")
def spotify(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Spotify's Web API at https://api.spotify.com/v1.

    Credentials from the arguments, or from SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET. What belongs to a user is out
    of reach of these tokens, and there are no scopes. Tokens live an hour.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "SPOTIFY_CLIENT_ID"),
        client_secret=credential(client_secret, "SPOTIFY_CLIENT_SECRET"),
        # The vendor's example joins the two as they are.
        token_endpoint_auth_method="client_secret_basic_raw",
        resource_server=ResourceServer(_BASE_URL),
    )

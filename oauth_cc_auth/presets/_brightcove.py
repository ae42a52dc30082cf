"""Brightcove, online video.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://apis.support.brightcove.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential


def brightcove(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Brightcove's APIs, as https://cms.api.brightcove.com.

    Credentials from the arguments, or from BRIGHTCOVE_CLIENT_ID and BRIGHTCOVE_CLIENT_SECRET. Each product has a
    host of its own: the token may go to every host below api.brightcove.com. Tokens live about five minutes.
    """
    return ClientCredentials(
        token_endpoint="https://oauth.brightcove.com/v4/access_token",
        client_id=credential(client_id, "BRIGHTCOVE_CLIENT_ID"),
        client_secret=credential(client_secret, "BRIGHTCOVE_CLIENT_SECRET"),
        resource_server=ResourceServer("https://cms.api.brightcove.com", origins=("https://*.api.brightcove.com",)),
    )

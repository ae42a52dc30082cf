"""Vimeo, video, without a user.

Read at https://github.com/vimeo/vimeo.py.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential


def vimeo(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: Several | None = None
) -> ClientCredentials:
    """Return the grant for Vimeo's API at https://api.vimeo.com.

    Credentials from the arguments, or from VIMEO_CLIENT_ID and VIMEO_CLIENT_SECRET. The answer does not say how
    long a token lives, so it is used until it is refused.
    """
    return ClientCredentials(
        token_endpoint="https://api.vimeo.com/oauth/authorize/client",
        client_id=credential(client_id, "VIMEO_CLIENT_ID"),
        client_secret=credential(client_secret, "VIMEO_CLIENT_SECRET"),
        scope=scope,
        resource_server=ResourceServer("https://api.vimeo.com"),
    )

"""Blizzard Battle.net, game data.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://community.developer.battle.net/documentation.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, label


def blizzard(
    client_id: str | None = None, client_secret: Secret | None = None, *, region: str = "us"
) -> ClientCredentials:
    """Return the grant for Blizzard's game data at https://us.api.blizzard.com.

    Credentials from the arguments, or from BLIZZARD_CLIENT_ID and BLIZZARD_CLIENT_SECRET. `region` is us, eu, or
    another of Battle.net's but China, which has servers of its own.
    """
    return ClientCredentials(
        token_endpoint="https://oauth.battle.net/token",
        client_id=credential(client_id, "BLIZZARD_CLIENT_ID"),
        client_secret=credential(client_secret, "BLIZZARD_CLIENT_SECRET"),
        resource_server=ResourceServer(f"https://{label(region, 'BLIZZARD_REGION')}.api.blizzard.com"),
    )

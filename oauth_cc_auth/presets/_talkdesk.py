"""Talkdesk, contact centres.

Seen in the code of several independent clients; the vendor's own documentation begins at https://docs.talkdesk.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential, label


def talkdesk(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    account: str | None = None,
) -> ClientCredentials:
    """Return the grant for Talkdesk's API at https://api.talkdeskapp.com.

    Credentials from the arguments, or from TALKDESK_CLIENT_ID and TALKDESK_CLIENT_SECRET; so is the `account`, as
    ``acme`` in acme.talkdeskid.com. Accounts outside the United States have other hosts.
    """
    name = label(account, "TALKDESK_ACCOUNT", within="talkdeskid.com")
    return ClientCredentials(
        token_endpoint=f"https://{name}.talkdeskid.com/oauth/token",
        client_id=credential(client_id, "TALKDESK_CLIENT_ID"),
        client_secret=credential(client_secret, "TALKDESK_CLIENT_SECRET"),
        scope=scope,
        resource_server=ResourceServer("https://api.talkdeskapp.com"),
    )

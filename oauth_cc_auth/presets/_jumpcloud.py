"""JumpCloud, for service accounts.

Seen in the code of several independent clients; the vendor's own documentation begins at https://docs.jumpcloud.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential


def jumpcloud(
    client_id: str | None = None, client_secret: Secret | None = None, *, org_id: str | None = None
) -> ClientCredentials:
    """Return the grant for JumpCloud's API at https://console.jumpcloud.com.

    Credentials of a service account from the arguments, or from JUMPCLOUD_CLIENT_ID and JUMPCLOUD_CLIENT_SECRET.
    `org_id`, which goes with each call as x-org-id, is for those with several organizations.
    """
    return ClientCredentials(
        token_endpoint="https://admin-oauth.id.jumpcloud.com/oauth2/token",
        client_id=credential(client_id, "JUMPCLOUD_CLIENT_ID"),
        client_secret=credential(client_secret, "JUMPCLOUD_CLIENT_SECRET"),
        scope="api",
        resource_server=ResourceServer(
            "https://console.jumpcloud.com", headers={} if org_id is None else {"x-org-id": org_id}
        ),
    )

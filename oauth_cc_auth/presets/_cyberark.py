"""CyberArk Identity, and what trusts it.

Seen in the code of several independent clients; the vendor's own documentation begins at https://docs.cyberark.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential, label


def cyberark(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    tenant: str | None = None,
    base_url: str | None = None,
    scope: Several | None = None,
) -> ClientCredentials:
    """Return the grant for an API of CyberArk, at `base_url`, that trusts CyberArk Identity.

    Name and password of a service user (``name@suffix``) from the arguments, or from CYBERARK_CLIENT_ID and
    CYBERARK_CLIENT_SECRET; the identity `tenant`, as ``abc1234`` in abc1234.id.cyberark.cloud, and `base_url` from
    the arguments, or from CYBERARK_TENANT and CYBERARK_BASE_URL. Which `scope` is wanted depends on the API: all,
    api or none.
    """
    name = label(tenant, "CYBERARK_TENANT", within="id.cyberark.cloud")
    return ClientCredentials(
        token_endpoint=f"https://{name}.id.cyberark.cloud/oauth2/platformtoken",
        client_id=credential(client_id, "CYBERARK_CLIENT_ID"),
        client_secret=credential(client_secret, "CYBERARK_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        resource_server=ResourceServer(credential(base_url, "CYBERARK_BASE_URL")),
    )

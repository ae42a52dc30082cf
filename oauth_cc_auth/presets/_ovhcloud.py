"""OVHcloud.

Read at https://github.com/ovh/python-ovh.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, facts, one_of

# ovh/client.py there.
_HOSTS = {
    "ovh-eu": ("www.ovh.com", "eu.api.ovh.com"),
    "ovh-ca": ("ca.ovh.com", "ca.api.ovh.com"),
    "ovh-us": ("us.ovhcloud.com", "api.us.ovhcloud.com"),
}


@facts(endpoint="OVH_ENDPOINT")
def ovhcloud(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    endpoint: Literal["ovh-eu", "ovh-ca", "ovh-us"] = "ovh-eu",
) -> ClientCredentials:
    """Return the grant for OVHcloud's API at https://eu.api.ovh.com.

    Credentials of a service account from the arguments, or from OVHCLOUD_CLIENT_ID and OVHCLOUD_CLIENT_SECRET.
    `endpoint` is ovh-eu, ovh-ca or ovh-us, as the vendor's own tools call them.
    """
    login, api = one_of(_HOSTS, endpoint, "endpoint")
    return ClientCredentials(
        token_endpoint=f"https://{login}/auth/oauth2/token",
        client_id=credential(client_id, "OVHCLOUD_CLIENT_ID"),
        client_secret=credential(client_secret, "OVHCLOUD_CLIENT_SECRET"),
        scope="all",
        resource_server=ResourceServer(f"https://{api}"),
    )

"""HashiCorp Cloud Platform (HCP).

Read at https://github.com/hashicorp/hcp-sdk-go.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, one_of

_HOSTS = {
    "global": ("auth.idp.hashicorp.com", "api.cloud.hashicorp.com"),
    "eu": ("auth.idp.eu.hashicorp.com", "api.cloud.eu.hashicorp.com"),
}


def hcp(
    client_id: str | None = None, client_secret: Secret | None = None, *, region: Literal["global", "eu"] = "global"
) -> ClientCredentials:
    """Return the grant for the API of HashiCorp Cloud Platform at https://api.cloud.hashicorp.com.

    Credentials of a service principal from the arguments, or from HCP_CLIENT_ID and HCP_CLIENT_SECRET. `region` is
    global or eu.
    """
    login, api = one_of(_HOSTS, region, "region")
    return ClientCredentials(
        token_endpoint=f"https://{login}/oauth2/token",
        client_id=credential(client_id, "HCP_CLIENT_ID"),
        client_secret=credential(client_secret, "HCP_CLIENT_SECRET"),
        # Not the host of the API, in neither region.
        audience="https://api.hashicorp.cloud",
        resource_server=ResourceServer(f"https://{api}"),
    )

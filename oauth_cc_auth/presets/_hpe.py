"""HPE GreenLake and Aruba, one token endpoint for all.

Seen in public material of the vendor, whose pages were not noted down; the vendor's own documentation begins at
https://developer.greenlake.hpe.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, facts, label

_TOKEN_ENDPOINT = "https://sso.common.cloud.hpe.com/as/token.oauth2"


@facts(client_id="GLP_CLIENT_ID", client_secret="GLP_CLIENT_SECRET")
def hpe_greenlake(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for HPE GreenLake's API at https://global.api.greenlake.hpe.com.

    Credentials from the arguments, or from HPE_GREENLAKE_CLIENT_ID and HPE_GREENLAKE_CLIENT_SECRET.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "HPE_GREENLAKE_CLIENT_ID"),
        client_secret=credential(client_secret, "HPE_GREENLAKE_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer("https://global.api.greenlake.hpe.com"),
    )


def hpe_aruba_central(
    client_id: str | None = None, client_secret: Secret | None = None, *, cluster: str | None = None
) -> ClientCredentials:
    """Return the grant for the API of HPE Aruba Networking Central at https://CLUSTER.central.arubanetworks.com.

    Credentials from the arguments, or from HPE_ARUBA_CENTRAL_CLIENT_ID and HPE_ARUBA_CENTRAL_CLIENT_SECRET; the
    `cluster` is where the account lives, from the argument or HPE_ARUBA_CENTRAL_CLUSTER.
    """
    name = label(cluster, "HPE_ARUBA_CENTRAL_CLUSTER", within="central.arubanetworks.com")
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "HPE_ARUBA_CENTRAL_CLIENT_ID"),
        client_secret=credential(client_secret, "HPE_ARUBA_CENTRAL_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(f"https://{name}.central.arubanetworks.com"),
    )

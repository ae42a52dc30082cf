"""Zuora, subscription billing.

Seen in the code of several independent clients; the vendor's own documentation begins at https://developer.zuora.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, host


def zuora(
    client_id: str | None = None, client_secret: Secret | None = None, *, api_host: str = "rest.zuora.com"
) -> ClientCredentials:
    """Return the grant for Zuora's REST API at https://rest.zuora.com, or the `api_host` of another data centre or
    environment.

    Credentials of an OAuth client from the arguments, or from ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET.
    """
    base_url = f"https://{host(api_host, 'ZUORA_API_HOST')}"
    return ClientCredentials(
        token_endpoint=f"{base_url}/oauth/token",
        client_id=credential(client_id, "ZUORA_CLIENT_ID"),
        client_secret=credential(client_secret, "ZUORA_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(base_url),
    )

"""Jamf Pro, management of Apple devices.

Read at https://github.com/macadmins/jamf-pro-sdk-python.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, facts, host


@facts(server="JAMF_URL")
def jamf(
    client_id: str | None = None, client_secret: Secret | None = None, *, server: str | None = None
) -> ClientCredentials:
    """Return the grant for Jamf Pro's API at https://SERVER.

    Credentials of an API client from the arguments, or from JAMF_CLIENT_ID and JAMF_CLIENT_SECRET; the `server`, as
    ``acme.jamfcloud.com`` or its URL, from the argument, JAMF_SERVER or JAMF_URL. How long tokens live is a setting
    of the API client, often minutes.
    """
    base_url = f"https://{host(server, 'JAMF_SERVER')}"
    return ClientCredentials(
        token_endpoint=f"{base_url}/api/v1/oauth/token",
        client_id=credential(client_id, "JAMF_CLIENT_ID"),
        client_secret=credential(client_secret, "JAMF_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(base_url),
    )

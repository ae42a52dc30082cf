"""ServiceNow.

Seen in "Client Credentials", a page below https://www.servicenow.com/, and in the code of several independent
clients.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, facts, label


@facts(instance="SN_INSTANCE")
def servicenow(
    client_id: str | None = None, client_secret: Secret | None = None, *, instance: str | None = None
) -> ClientCredentials:
    """Return the grant for ServiceNow's API at https://INSTANCE.service-now.com.

    Credentials from the arguments, or from SERVICENOW_CLIENT_ID and SERVICENOW_CLIENT_SECRET; the `instance`, or
    its URL, from the argument or SERVICENOW_INSTANCE. The grant is off until an administrator sets the property
    glide.oauth.inbound.client.credential.grant_type.enabled, and gives the client a user.
    """
    name = label(instance, "SERVICENOW_INSTANCE", within="service-now.com")
    base_url = f"https://{name}.service-now.com"
    return ClientCredentials(
        token_endpoint=f"{base_url}/oauth_token.do",
        client_id=credential(client_id, "SERVICENOW_CLIENT_ID"),
        client_secret=credential(client_secret, "SERVICENOW_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(base_url),
    )

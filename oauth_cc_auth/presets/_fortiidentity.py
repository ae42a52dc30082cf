"""FortiIdentity Cloud, once FortiToken Cloud, Fortinet's identities and second factors.

Read at https://docs.fortinet.com/document/fortiidentity-cloud/latest/rest-api/878669,
https://docs.fortinet.com/document/fortiidentity-cloud/26.2.0/rest-api/659809 and
https://docs.fortinet.com/document/fortitoken-cloud/latest/rest-api/930114/http-header.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential
from oauth_cc_auth.presets._credentials import host as host_name


def fortiidentity(
    client_id: str | None = None, client_secret: Secret | None = None, *, host: str | None = None
) -> ClientCredentials:
    """Return the grant for FortiIdentity Cloud's API at https://HOST/api/v1.

    Credentials of a web application from the arguments, or from FORTIIDENTITY_CLIENT_ID and
    FORTIIDENTITY_CLIENT_SECRET; `host`, or FORTIIDENTITY_HOST, is the service's. Tokens live an hour, and the answer
    states what is left of it. It is 401 that means a wrong id or secret, 404 a client that does not exist.
    """
    base_url = f"https://{host_name(host, 'FORTIIDENTITY_HOST')}/api/v1"
    return ClientCredentials(
        token_endpoint=f"{base_url}/login",
        client_id=credential(client_id, "FORTIIDENTITY_CLIENT_ID"),
        client_secret=credential(client_secret, "FORTIIDENTITY_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_json",
        grant_type=None,
        resource_server=ResourceServer(base_url),
    )

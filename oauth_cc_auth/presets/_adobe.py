"""Adobe, the APIs behind its Identity Management Service (IMS), with OAuth server-to-server credentials.

Read at https://developer.adobe.com/developer-console/docs/guides/authentication/ServerToServerAuthentication/ims and
https://github.com/AdobeDocs/adobe-dev-console.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, host

_TOKEN_ENDPOINT = "https://ims-na1.adobelogin.com/ims/token/v3"


def adobe(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    api_host: str | None = None,
) -> ClientCredentials:
    """Return the grant for the Adobe API at https://API_HOST.

    Credentials from the arguments, or from ADOBE_CLIENT_ID and ADOBE_CLIENT_SECRET. Each API has a host of its own:
    `api_host`, or ADOBE_API_HOST, as ``api.adobe.io``. `scope`, or ADOBE_SCOPE, is required; those that a credential
    has are shown in the Developer Console. The client id goes with each API call as its key. Tokens live a day, and
    Adobe throttles a client that requests a new one without need.
    """
    client_id = credential(client_id, "ADOBE_CLIENT_ID")
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=client_id,
        client_secret=credential(client_secret, "ADOBE_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope or credential(None, "ADOBE_SCOPE"),
        token_request=RequestFormat(scope_separator=","),
        resource_server=ResourceServer(f"https://{host(api_host, 'ADOBE_API_HOST')}", headers={"x-api-key": client_id}),
    )

"""Oracle Primavera Unifier, its REST services of version 2.

Read at
https://docs.oracle.com/en/industries/construction-engineering/primavera-unifier/26/integration-interface/v2gettokenrestserviceforbasicauthentication-10312800a.html.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential
from oauth_cc_auth.presets._credentials import host as host_name

# {"data": …, "message": [], "status": 200}: no code beside the status.
_ERRORS = ErrorFormat(code=(), message=("message.0", "message"))


def primavera(
    client_id: str | None = None, client_secret: Secret | None = None, *, host: str | None = None
) -> ClientCredentials:
    """Return the grant for Primavera Unifier's REST services at https://HOST/ws/rest/service/v2.

    `client_id` and `client_secret` are name and password of an integration user, from the arguments, or from
    PRIMAVERA_CLIENT_ID and PRIMAVERA_CLIENT_SECRET; `host` is that of the installation, or PRIMAVERA_HOST. How long
    tokens live is a setting of that user.
    """
    base_url = f"https://{host_name(host, 'PRIMAVERA_HOST')}/ws/rest/service/v2"
    return ClientCredentials(
        token_endpoint=f"{base_url}/auth/token",
        client_id=credential(client_id, "PRIMAVERA_CLIENT_ID"),
        client_secret=credential(client_secret, "PRIMAVERA_CLIENT_SECRET"),
        # RFC 7617, as the names of these users may begin with $$.
        token_endpoint_auth_method="client_secret_basic_raw",
        grant_type=None,
        token_request=RequestFormat("GET"),
        token_response=ResponseFormat(access_token="data.access_token", expires_in="data.expires_in", errors=_ERRORS),
        resource_server=ResourceServer(base_url, errors=_ERRORS),
    )

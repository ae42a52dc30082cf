"""Vertex, taxes.

Read at https://developer.vertexinc.com/certificatecenter/docs/access-token and
https://developer.vertexinc.com/payroll/docs/token-caching-with-vertex-restful-apis.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._grant.token_endpoint import IssuanceLimit
from oauth_cc_auth._resource_server.error_format import ApiError
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, host

# https://developer.vertexinc.com/certificatecenter/docs/access-token
_TOKEN_ENDPOINT = "https://auth.vertexcloud.com/oauth/token"

# https://developer.vertexinc.com/payroll/docs/token-caching-with-vertex-restful-apis, by client and audience.
_LIMIT = IssuanceLimit(10, 28_800)


def _is_the_limit(said: ApiError) -> bool:
    # The same page: 400 invalid_request, as any mistake in the request; only the text tells.
    return said.status == 400 and "exceeded the rate limit" in (said.message or "")


def vertex(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    audience: str | None = None,
    api_host: str | None = None,
    scope: Several | None = None,
) -> ClientCredentials:
    """Return the grant for one of Vertex's cloud APIs, at https://HOST.

    Credentials from the arguments, or from VERTEX_CLIENT_ID and VERTEX_CLIENT_SECRET; so are `audience` and `api_host`,
    which the pages of each product name, as they do its `scope`: ``verx://migration-api`` and ``cc-data-api
    vcd-platform-api`` for the Certificate Center. Vertex gives ten tokens in eight hours, and says 400 beyond that: use
    a store that all processes share. How long a token lives is for the answer to say.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "VERTEX_CLIENT_ID"),
        client_secret=credential(client_secret, "VERTEX_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        audience=credential(audience, "VERTEX_AUDIENCE"),
        token_response=ResponseFormat(limit_reached=_is_the_limit),
        issuance_limit=_LIMIT,
        resource_server=ResourceServer(f"https://{host(api_host, 'VERTEX_API_HOST')}"),
    )

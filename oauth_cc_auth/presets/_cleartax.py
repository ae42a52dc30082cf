"""ClearTax, the tax software of Clear.

Read at https://docs.cleartax.in/cleartax-docs/clear-finance-cloud/cfc-api-reference/generate-access-token-api,
https://docs.cleartax.in/cleartax-docs/clear-finance-cloud/learn-clear-finance-cloud-basics/access-token and
https://docs.cleartax.in/cleartax-docs/clear-finance-cloud/cfc-api-reference/ingestion-api/ingest-documents-via-file/get-pre-signed-url.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._grant.token_endpoint import IssuanceLimit
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential
from oauth_cc_auth.presets._credentials import host as host_name

_TOKEN_ERRORS = ErrorFormat(
    code="errors.0.error_code", message="errors.0.error_message", request_id="errors.0.error_id"
)
_API_ERRORS = ErrorFormat(code=("errorCode", "errors.0.errorCode"), message=("errorMessage", "errors.0.errorMessage"))

# A day begins at midnight UTC; here any 24 hours count.
_LIMIT = IssuanceLimit(288, 24 * 3600)


def _secret_header(_client_id: str, client_secret: str) -> dict[str, str]:
    return {"x-clear-client-secret": client_secret}


def cleartax(client_secret: Secret | None = None, *, host: str | None = None) -> ClientCredentials:
    """Return the grant for Clear's APIs at https://HOST.

    The secret from the argument, or from CLEARTAX_CLIENT_SECRET; there is no client id. `host`, or CLEARTAX_HOST, is
    that of country and environment, as ``api-sandbox.clear.in``. A new token ends the one before it, and a client gets
    288 a day, then 429: let processes share a store. The token stands in a header of its own.
    """
    base_url = f"https://{host_name(host, 'CLEARTAX_HOST')}"
    return ClientCredentials(
        token_endpoint=f"{base_url}/integration/v1/authz/token",
        client_id=None,
        client_secret=credential(client_secret, "CLEARTAX_CLIENT_SECRET"),
        token_endpoint_auth_method=_secret_header,
        grant_type=None,
        token_request=RequestFormat("GET"),
        token_response=ResponseFormat(expires_at="valid_till", errors=_TOKEN_ERRORS),
        issuance_limit=_LIMIT,
        resource_server=ResourceServer(base_url, header="x-cleartax-auth-token", scheme=None, errors=_API_ERRORS),
    )

"""IBM Cloud, by an API key.

Read at https://cloud.ibm.com/docs/iam?topic=iam-iamtoken_from_apikey,
https://cloud.ibm.com/apidocs/iam-identity-token-api and https://github.com/IBM/python-sdk-core.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

_TOKEN_ENDPOINT = "https://iam.cloud.ibm.com/identity/token"

# github.com/IBM/python-sdk-core, its tests: the code of a key that nobody knows, with status 400.
_ERRORS = ErrorFormat(
    code="errorCode", message="errorMessage", request_id="context.requestId", meaning={"BXNIM0415E": "invalid_client"}
)


def ibm_cloud(client_secret: Secret | None = None, *, base_url: str | None = None) -> ClientCredentials:
    """Return the grant for a service of IBM Cloud at `base_url`.

    `client_secret` is the API key, of a user or a service ID, from the argument or IBM_CLOUD_CLIENT_SECRET; there is no
    client id, and no Authorization header. `base_url`, that of the service's API, from the argument or
    IBM_CLOUD_BASE_URL. Tokens live at most an hour.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=None,
        client_secret=credential(client_secret, "IBM_CLOUD_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        grant_type="urn:ibm:params:oauth:grant-type:apikey",
        token_request=RequestFormat(names={"client_id": None, "client_secret": "apikey"}),
        token_response=ResponseFormat(errors=_ERRORS),
        resource_server=ResourceServer(credential(base_url, "IBM_CLOUD_BASE_URL")),
    )

"""Microsoft Entra ID (Azure AD): tokens for an application itself, for Microsoft's APIs and one's own.

Read at https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow,
https://learn.microsoft.com/entra/identity-platform/certificate-credentials,
https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud and
https://learn.microsoft.com/azure/active-directory/azuread-dev/v1-oauth2-client-creds-grant-flow.
"""

from __future__ import annotations

from typing import Any, Literal

from oauth_cc_auth._grant.assertion import ClientAssertion, Source
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.jwt_form import ENDPOINT, PrivateKeyJWT
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.errors import ConfigurationError
from oauth_cc_auth.presets._credentials import credential, identity_token, one_of, segment
from oauth_cc_auth.presets._environment import being_read, facts

# https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
_CLOUDS = {
    "global": "login.microsoftonline.com",
    "us-government": "login.microsoftonline.us",
    "china": "login.partner.microsoftonline.cn",
}

# The first page, on error responses: the one id is of this request, the other of all servers that it went through.
_RESPONSE = ResponseFormat(
    errors=ErrorFormat(code="error", message="error_description", request_id=("correlation_id", "trace_id"))
)

# Where the webhook of Azure workload identity puts the path of a pod's token.
_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"


@facts(client_id="AZURE_CLIENT_ID", client_secret="AZURE_CLIENT_SECRET", tenant="AZURE_TENANT_ID")
def entra_id(
    client_id: str | None = None,
    client_secret: Secret | Source | None = None,
    *,
    tenant: str | None = None,
    resource: str | None = None,
    base_url: str | None = None,
    thumbprint: str | None = None,
    federated: bool = False,
    cloud: Literal["global", "us-government", "china"] = "global",
) -> ClientCredentials:
    """Return the grant for an API that trusts Microsoft Entra ID, at `base_url`, as https://graph.microsoft.com.

    Credentials from the arguments, or from ENTRA_ID_CLIENT_ID and ENTRA_ID_CLIENT_SECRET; so are `tenant`, by id or
    domain name, `resource`, the identifier of the API as ``https://graph.microsoft.com``, and `base_url`. With the
    `thumbprint` of a certificate (SHA-256 of its DER, base64url), `client_secret` is its private key, as PEM or JWK.
    With `federated` a token of another identity provider proves the client: `client_secret` is then its source, as a
    ``File`` or one of `oauth_cc_auth.workload_identity`, by default the file named by AZURE_FEDERATED_TOKEN_FILE, and
    it is read for each token request. `cloud` is global, us-government or china. Tokens live about an hour; there are
    no refresh tokens.
    """
    identifier = credential(resource, "ENTRA_ID_RESOURCE")
    return ClientCredentials(
        token_endpoint=f"{_tenant(cloud, tenant, 'ENTRA_ID_TENANT')}/oauth2/v2.0/token",
        client_id=credential(client_id, "ENTRA_ID_CLIENT_ID"),
        # All permissions for this API that the application was given; fewer cannot be asked for here.
        scope=f"{identifier}/.default",
        token_response=_RESPONSE,
        resource_server=ResourceServer(credential(base_url, "ENTRA_ID_BASE_URL")),
        **_proof(client_secret, thumbprint, federated=federated),
    )


@facts(client_id="AZURE_CLIENT_ID", client_secret="AZURE_CLIENT_SECRET", tenant="AZURE_TENANT_ID")
def entra_id_v1(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    tenant: str | None = None,
    resource: str | None = None,
    base_url: str | None = None,
    cloud: Literal["global", "us-government", "china"] = "global",
) -> ClientCredentials:
    """Return the grant for an API at `base_url` by the older v1.0 endpoint, for APIs that want its tokens.

    Credentials from the arguments, or from ENTRA_ID_V1_CLIENT_ID and ENTRA_ID_V1_CLIENT_SECRET; so are `tenant`,
    `resource`, the identifier of the API, and `base_url`. Tokens live about an hour. Use `entra_id` for what is new.
    """
    return ClientCredentials(
        token_endpoint=f"{_tenant(cloud, tenant, 'ENTRA_ID_V1_TENANT')}/oauth2/token",
        client_id=credential(client_id, "ENTRA_ID_V1_CLIENT_ID"),
        client_secret=credential(client_secret, "ENTRA_ID_V1_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource=credential(resource, "ENTRA_ID_V1_RESOURCE"),
        token_response=_RESPONSE,
        resource_server=ResourceServer(credential(base_url, "ENTRA_ID_V1_BASE_URL")),
    )


def _tenant(cloud: str, tenant: str | None, variable: str) -> str:
    return f"https://{one_of(_CLOUDS, cloud, 'cloud')}/{segment(tenant, variable)}"


def _proof(client_secret: Any, thumbprint: str | None, *, federated: bool) -> dict[str, Any]:
    if thumbprint and federated:
        message = "thumbprint and federated are two ways of proving who the client is: pass one"
        raise ConfigurationError(message)
    if federated:
        # A secret that the environment has for other programs is no token of another provider.
        given = None if "client_secret" in being_read().given_as else client_secret
        source = identity_token(None, _TOKEN_FILE) if given is None else given
        return {"token_endpoint_auth_method": ClientAssertion(source)}
    secret = credential(client_secret, "ENTRA_ID_CLIENT_SECRET")
    if thumbprint:
        # https://learn.microsoft.com/entra/identity-platform/certificate-credentials; the client's id stands beside
        # the assertion too, where RFC 7521 §4.2 leaves that open.
        method = PrivateKeyJWT(
            alg="PS256",
            audience=ENDPOINT,
            typ="JWT",
            lifetime=300,
            headers={"x5t#S256": thumbprint},
            name_client=True,
        )
        return {"client_secret": secret, "token_endpoint_auth_method": method}
    return {"client_secret": secret, "token_endpoint_auth_method": "client_secret_post"}

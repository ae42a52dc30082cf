"""Auth0, the identity platform: tokens for one's own API, and for Auth0's Management API.

Read at https://auth0.com/docs/api/authentication/client-credential-flow/get-token,
https://auth0.com/docs/tokens/management-api-access-tokens/get-management-api-access-tokens-for-production,
https://auth0.com/docs/tokens/management-api-access-tokens, https://auth0.com/docs/fine-grained-m2m-token-quotas,
https://github.com/auth0/auth0-java and https://github.com/auth0/node-auth0.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_authentication import ClientAuthMethod
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, host
from oauth_cc_auth.presets._environment import facts

# How many tokens are left this hour and this day, where the tenant has quotas (github.com/auth0/auth0-java,
# HttpResponseHeadersUtils): ``per_hour;q=100;r=50;t=3600``.
_RESPONSE = ResponseFormat(headers=("Auth0-Client-Quota-Limit", "Auth0-Organization-Quota-Limit"))

# github.com/auth0/node-auth0, parseError: `error` is the name of the status.
_ERRORS = ErrorFormat(code=("errorCode", "error"), message="message")


def auth0(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    domain: str | None = None,
    audience: str | None = None,
    organization: str | None = None,
    base_url: str | None = None,
    token_endpoint_auth_method: ClientAuthMethod = "client_secret_post",
) -> ClientCredentials:
    """Return the grant for an API of one's own, at `base_url`, that trusts an Auth0 tenant.

    Credentials from the arguments, or from AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET; so are `domain`, as
    ``acme.eu.auth0.com`` or a custom one, `audience`, the identifier of the API, and `base_url`. `organization` is a
    name or id. `token_endpoint_auth_method` is as the application is configured. How long tokens live is a setting of
    the API, a day by default. Where a quota of tokens is exceeded the answer is 429, and ``Token.extra`` tells how much
    of it is left. Tokens cannot be revoked.
    """
    return ClientCredentials(
        token_endpoint=f"https://{host(domain, 'AUTH0_DOMAIN')}/oauth/token",
        client_id=credential(client_id, "AUTH0_CLIENT_ID"),
        client_secret=credential(client_secret, "AUTH0_CLIENT_SECRET"),
        token_endpoint_auth_method=token_endpoint_auth_method,
        scope=scope,
        audience=credential(audience, "AUTH0_AUDIENCE"),
        parameters={"organization": organization} if organization else {},
        token_response=_RESPONSE,
        resource_server=ResourceServer(credential(base_url, "AUTH0_BASE_URL")),
    )


@facts(
    domain="AUTH0_DOMAIN", client_id="AUTH0_CLIENT_ID", client_secret="AUTH0_CLIENT_SECRET", audience="AUTH0_AUDIENCE"
)
def auth0_management(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    domain: str | None = None,
    audience: str | None = None,
    token_endpoint_auth_method: ClientAuthMethod = "client_secret_post",
) -> ClientCredentials:
    """Return the grant for Auth0's Management API at https://DOMAIN/api/v2.

    Credentials and the tenant's `domain` from the arguments, or from AUTH0_MANAGEMENT_CLIENT_ID,
    AUTH0_MANAGEMENT_CLIENT_SECRET and AUTH0_MANAGEMENT_DOMAIN. With a custom domain, pass the API's identifier as
    `audience`: it is that of the tenant's own domain, ``https://acme.eu.auth0.com/api/v2/``, and the token is good at
    the custom domain alone. Tokens have the scopes that the application was granted, and live a day by default; they
    cannot be revoked.
    """
    tenant = host(domain, "AUTH0_MANAGEMENT_DOMAIN")
    return ClientCredentials(
        token_endpoint=f"https://{tenant}/oauth/token",
        client_id=credential(client_id, "AUTH0_MANAGEMENT_CLIENT_ID"),
        client_secret=credential(client_secret, "AUTH0_MANAGEMENT_CLIENT_SECRET"),
        token_endpoint_auth_method=token_endpoint_auth_method,
        # The slash at the end belongs to it.
        audience=audience or f"https://{tenant}/api/v2/",
        token_response=_RESPONSE,
        resource_server=ResourceServer(f"https://{tenant}/api/v2", errors=_ERRORS),
    )

"""Okta: the org authorization server for Okta's own APIs, and custom authorization servers for others.

Read at https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/main/,
https://developer.okta.com/docs/guides/implement-client-creds/,
https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/orgas/revoke,
https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/customas/revokecustomas,
https://support.okta.com/help/s/article/What-is-the-lifetime-of-the-JWT-tokens,
https://developer.okta.com/docs/reference/error-codes/ and https://github.com/okta/okta-developer-docs.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_authentication import ClientAuthMethod
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.jwt_form import ENDPOINT, PrivateKeyJWT
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, host, segment
from oauth_cc_auth.presets._environment import facts

# https://developer.okta.com/docs/reference/error-codes/: `errorId` is what Okta's support asks for.
_ERRORS = ErrorFormat(code="errorCode", message="errorSummary", request_id="errorId")


@facts(
    domain="OKTA_CLIENT_ORGURL",
    client_id="OKTA_CLIENT_CLIENTID",
    client_secret="OKTA_CLIENT_PRIVATEKEY",
    scope="OKTA_CLIENT_SCOPES",
)
def okta_org(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    domain: str | None = None,
    kid: str | None = None,
) -> ClientCredentials:
    """Return the grant for Okta's APIs at https://DOMAIN, for a service app (API Services).

    Credentials from the arguments, or from OKTA_ORG_CLIENT_ID and OKTA_ORG_CLIENT_SECRET, which is the app's private
    key, as PEM or JWK: this server takes no other proof. `domain`, as ``acme.okta.com``, from the argument or
    OKTA_ORG_DOMAIN; `scope`, as ``okta.users.read``, is required, from the argument or OKTA_ORG_SCOPE. `kid` names the
    key, by default as the JWK does. Tokens live an hour. An app that is set to require DPoP is refused.
    """
    org = f"https://{host(domain, 'OKTA_ORG_DOMAIN')}"
    return ClientCredentials(
        token_endpoint=f"{org}/oauth2/v1/token",
        client_id=credential(client_id, "OKTA_ORG_CLIENT_ID"),
        client_secret=credential(client_secret, "OKTA_ORG_CLIENT_SECRET"),
        token_endpoint_auth_method=PrivateKeyJWT(kid=kid, audience=ENDPOINT, typ=None, lifetime=300),
        scope=_spaced(scope or credential(None, "OKTA_ORG_SCOPE")),
        revocation_endpoint=f"{org}/oauth2/v1/revoke",
        resource_server=ResourceServer(org, errors=_ERRORS),
    )


def _spaced(scope: Several) -> Several:
    # The variable of Okta's own libraries is a list with commas.
    return scope.replace(",", " ") if isinstance(scope, str) else scope


def okta_custom(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    domain: str | None = None,
    server_id: str = "default",
    base_url: str | None = None,
    token_endpoint_auth_method: ClientAuthMethod = "client_secret_basic",
) -> ClientCredentials:
    """Return the grant for an API of one's own, at `base_url`, that trusts a custom authorization server of Okta.

    Credentials from the arguments, or from OKTA_CUSTOM_CLIENT_ID and OKTA_CUSTOM_CLIENT_SECRET; so are `domain` and
    `base_url`. `server_id` is that of the authorization server, and `token_endpoint_auth_method` as the app is
    configured. `scope`, which must hold a custom scope of the server, from the argument or OKTA_CUSTOM_SCOPE. Tokens
    live from five minutes to a day, as an access policy of the server says.
    """
    server = f"https://{host(domain, 'OKTA_CUSTOM_DOMAIN')}/oauth2/{segment(server_id, 'OKTA_CUSTOM_SERVER_ID')}/v1"
    return ClientCredentials(
        token_endpoint=f"{server}/token",
        client_id=credential(client_id, "OKTA_CUSTOM_CLIENT_ID"),
        client_secret=credential(client_secret, "OKTA_CUSTOM_CLIENT_SECRET"),
        token_endpoint_auth_method=token_endpoint_auth_method,
        scope=scope or credential(None, "OKTA_CUSTOM_SCOPE"),
        revocation_endpoint=f"{server}/revoke",
        resource_server=ResourceServer(credential(base_url, "OKTA_CUSTOM_BASE_URL")),
    )

"""OneLogin.

Read at https://developers.onelogin.com/api-docs/2/oauth20-tokens/generate-tokens-2,
https://developers.onelogin.com/api-docs/1/oauth20-tokens/revoke-tokens,
https://developers.onelogin.com/api-docs/2/apps/list-users and https://github.com/onelogin/onelogin-go-sdk.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, label

# https://developers.onelogin.com/api-docs/2/apps/list-users; the API's version 1 has them below `status`.
_ERRORS = ErrorFormat(code=("name", "status.type"), message=("message", "status.message"))


def onelogin(
    client_id: str | None = None, client_secret: Secret | None = None, *, subdomain: str | None = None
) -> ClientCredentials:
    """Return the grant for OneLogin's API at https://SUBDOMAIN.onelogin.com.

    Credentials and `subdomain` from the arguments, or from ONELOGIN_CLIENT_ID, ONELOGIN_CLIENT_SECRET and
    ONELOGIN_SUBDOMAIN. Tokens live ten hours, and the same one is returned until it ends or is revoked, for all who use
    these credentials. They belong to the user who made them: once that one is deleted the answer is a 500.
    """
    origin = f"https://{label(subdomain, 'ONELOGIN_SUBDOMAIN')}.onelogin.com"
    return ClientCredentials(
        token_endpoint=f"{origin}/auth/oauth2/v2/token",
        client_id=credential(client_id, "ONELOGIN_CLIENT_ID"),
        client_secret=credential(client_secret, "ONELOGIN_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        revocation_endpoint=f"{origin}/auth/oauth2/revoke",
        # github.com/onelogin/onelogin-go-sdk, pkg/onelogin/authentication/authenticator.go
        revocation_endpoint_auth_method="client_secret_basic_raw",
        revocation_request=RequestFormat(body="json", names={"token": "access_token", "token_type_hint": None}),
        resource_server=ResourceServer(origin, errors=_ERRORS),
    )

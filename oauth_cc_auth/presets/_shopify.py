"""Shopify, the Admin API of shops of one's own organization.

Read at https://shopify.dev/docs/apps/build/authentication-authorization/client-secrets,
https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant and
https://github.com/Shopify/shopify-app-js.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, label
from oauth_cc_auth.presets._environment import facts

# https://shopify.dev/docs/apps/build/authentication-authorization/client-secrets, the sample answer.
_TOKEN = ResponseFormat(scope_separator=",")

# packages/apps/shopify-api/lib/clients/common.ts of github.com/Shopify/shopify-app-js: a text, or an object by field.
_ERRORS = ErrorFormat(code=(), message="errors", request_id="x-request-id")


@facts(client_id="SHOPIFY_API_KEY", client_secret="SHOPIFY_API_SECRET")
def shopify(
    client_id: str | None = None, client_secret: Secret | None = None, *, shop: str | None = None
) -> ClientCredentials:
    """Return the grant for Shopify's Admin API at https://SHOP.myshopify.com/admin/api.

    Credentials from the arguments, or from SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET; so is the `shop`, the part
    before .myshopify.com, or all of that host. For apps that the shop's own organization has made and installed: others
    need the merchant's consent. The app's version fixes the scopes. Tokens live a day and stand in a header of their
    own.
    """
    origin = f"https://{label(shop, 'SHOPIFY_SHOP', within='myshopify.com')}.myshopify.com"
    # packages/api-clients/admin-api-client/src/constants.ts of github.com/Shopify/shopify-app-js
    server = ResourceServer(f"{origin}/admin/api", header="X-Shopify-Access-Token", scheme=None, errors=_ERRORS)
    return ClientCredentials(
        token_endpoint=f"{origin}/admin/oauth/access_token",
        client_id=credential(client_id, "SHOPIFY_CLIENT_ID"),
        client_secret=credential(client_secret, "SHOPIFY_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        token_response=_TOKEN,
        resource_server=server,
    )

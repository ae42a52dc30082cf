"""eBay, its REST APIs without a user.

Read at https://developer.ebay.com/api-docs/static/oauth-client-credentials-grant.html,
https://developer.ebay.com/api-docs/static/oauth-rate-limits.html and
https://developer.ebay.com/api-docs/static/handling-error-messages.html.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._grant.token_endpoint import IssuanceLimit
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# https://developer.ebay.com/api-docs/static/oauth-client-credentials-grant.html
# github.com/hendt/ebay-api: Identity, Finances and key management are at the one, Media at the other.
_OTHERS = {"production": ("https://apiz.ebay.com", "https://apim.ebay.com"), "sandbox": ()}
_BASE_URLS = {"production": "https://api.ebay.com", "sandbox": "https://api.sandbox.ebay.com"}

# What the same page calls the token stands in token_type too; it is presented as any bearer token.
_TOKEN = ResponseFormat(bearer_token_types=("Application Access Token",))

# https://developer.ebay.com/api-docs/static/oauth-rate-limits.html: 1,000 requests a day for this grant.
_LIMIT = IssuanceLimit(1000, 86_400)

# https://developer.ebay.com/api-docs/static/handling-error-messages.html, type ErrorData.
_ERRORS = ErrorFormat(code="errors.0.errorId", message=("errors.0.longMessage", "errors.0.message"))


def ebay(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for eBay's REST APIs at https://api.ebay.com.

    Credentials from the arguments, or from EBAY_CLIENT_ID (the App ID) and EBAY_CLIENT_SECRET (the Cert ID); the
    `environment` "sandbox" has its own. `scope` is a URL, such as ``https://api.ebay.com/oauth/api_scope``. eBay gives
    an application at most 1,000 of these tokens a day.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/identity/v1/oauth2/token",
        client_id=credential(client_id, "EBAY_CLIENT_ID"),
        client_secret=credential(client_secret, "EBAY_CLIENT_SECRET"),
        scope=scope,
        token_response=_TOKEN,
        issuance_limit=_LIMIT,
        resource_server=ResourceServer(base_url, origins=one_of(_OTHERS, environment, "environment"), errors=_ERRORS),
    )

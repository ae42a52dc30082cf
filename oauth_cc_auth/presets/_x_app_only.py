"""X, once Twitter, with an app-only bearer token.

Read at https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/application-only,
https://developer.x.com/en/docs/authentication/api-reference/token and
https://developer.x.com/ja/docs/basics/authentication/api-reference/invalidate_bearer_token.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ApiError, ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

_TOKEN_ENDPOINT = "https://api.x.com/oauth2/token"
_BASE_URL = "https://api.x.com"
# The same servers by their older name, which github.com/tweepy/tweepy and code like it still use.
_OLDER_NAME = "https://api.twitter.com"
_ERRORS = ErrorFormat(code="errors.0.code", message="errors.0.message")


def _asked_too_often(error: ApiError) -> bool:
    # https://developer.x.com/en/docs/authentication/api-reference/token: 403 with code 99.
    return (error.status, error.code) == (403, "99")


def x_app_only(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for X's API at https://api.x.com, on behalf of the app and of no user.

    Consumer key and secret from the arguments, or from X_APP_ONLY_CLIENT_ID and X_APP_ONLY_CLIENT_SECRET; both are
    percent-encoded, as the page asks. There is one token per app, which does not expire: X returns the same one until
    it is invalidated, and answers 403 with code 99 to a client that asks too often. To invalidate one takes OAuth 1.0a,
    so there is nothing to revoke with here.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "X_APP_ONLY_CLIENT_ID"),
        client_secret=credential(client_secret, "X_APP_ONLY_CLIENT_SECRET"),
        token_response=ResponseFormat(errors=_ERRORS, limit_reached=_asked_too_often),
        resource_server=ResourceServer(_BASE_URL, origins=(_OLDER_NAME,)),
    )

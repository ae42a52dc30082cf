"""Reddit, for an application without a user.

Read at https://github.com/reddit-archive/reddit/wiki/OAuth2, https://github.com/reddit-archive/reddit/wiki/API and
https://github.com/reddit-archive/reddit.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# https://github.com/reddit-archive/reddit/wiki/OAuth2; revocation is in r2/r2/controllers/oauth2.py of that repository.
_TOKEN_ENDPOINT = "https://www.reddit.com/api/v1/access_token"
_REVOCATION_ENDPOINT = "https://www.reddit.com/api/v1/revoke_token"
_BASE_URL = "https://oauth.reddit.com"


def reddit_app_only(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    user_agent: str | None = None,
) -> ClientCredentials:
    """Return the grant for Reddit's API at https://oauth.reddit.com, for an application that can keep a secret.

    Credentials from the arguments, or from REDDIT_APP_ONLY_CLIENT_ID and REDDIT_APP_ONLY_CLIENT_SECRET. Reddit limits
    the user agents that HTTP libraries have by default, so `user_agent`, or REDDIT_APP_ONLY_USER_AGENT, is required:
    ``linux:com.example.app:v1.2.3 (by /u/somebody)``. Without a `scope` the token has all of them. Tokens live a day.
    """
    headers = {"User-Agent": credential(user_agent, "REDDIT_APP_ONLY_USER_AGENT")}
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "REDDIT_APP_ONLY_CLIENT_ID"),
        client_secret=credential(client_secret, "REDDIT_APP_ONLY_CLIENT_SECRET"),
        # User and password of HTTP Basic, says the wiki.
        token_endpoint_auth_method="client_secret_basic_raw",
        scope=scope,
        headers=headers,
        revocation_endpoint=_REVOCATION_ENDPOINT,
        resource_server=ResourceServer(_BASE_URL, headers=headers),
    )

"""LinkedIn, its APIs that are not about a member.

Read at https://learn.microsoft.com/en-us/linkedin/shared/authentication/client-credentials-flow,
https://learn.microsoft.com/en-us/linkedin/learning/getting-started/authentication and
https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

_TOKEN_ENDPOINT = "https://www.linkedin.com/oauth/v2/accessToken"
_BASE_URL = "https://api.linkedin.com"

# The page on error handling.
_ERRORS = ErrorFormat(code="serviceErrorCode", message="message")


def linkedin(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for LinkedIn's API at https://api.linkedin.com.

    Credentials from the arguments, or from LINKEDIN_CLIENT_ID and LINKEDIN_CLIENT_SECRET. LinkedIn has to allow an
    application this grant; to others it answers ``access_denied``. It does not exist for the Marketing APIs. How long a
    token lives is for the answer to say: the pages speak of 30 minutes, and for LinkedIn Learning of 90 days.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "LINKEDIN_CLIENT_ID"),
        client_secret=credential(client_secret, "LINKEDIN_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(_BASE_URL, errors=_ERRORS),
    )

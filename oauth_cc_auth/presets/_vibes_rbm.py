"""Vibes RBM, the RCS messaging platform. Its authorization server is an Amazon Cognito domain.

Read at https://developer-aggregation.vibes.com/reference/authentication-1,
https://developer-aggregation.vibes.com/reference/post_oauth2-token and
https://github.com/api-evangelist/vibes-platform.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# https://developer-aggregation.vibes.com/reference/post_oauth2-token has the path; the hosts are those of the vendor's
# OpenAPI description as kept in github.com/api-evangelist/vibes-platform.
_TOKEN_ENDPOINT = "https://vibes-rbm-prd.auth.us-west-2.amazoncognito.com/oauth2/token"
_BASE_URL = "https://rbm.us.vibes.com/connectCustomers"
_SCOPE = "https://rbm.vibes.com/rbm.agents"

# Schema ApiError of the same description: a sentence, and no code.
_ERRORS = ErrorFormat(code=(), message="error")


def vibes_rbm(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Vibes RBM's API at https://rbm.us.vibes.com/connectCustomers.

    Credentials from the arguments, or from VIBES_RBM_CLIENT_ID and VIBES_RBM_CLIENT_SECRET; they go into the Basic
    header and the body (https://developer-aggregation.vibes.com/reference/authentication-1). There is one scope, which
    is required. 403 means a forbidden agent, so only 401 renews. Tokens live an hour.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "VIBES_RBM_CLIENT_ID"),
        client_secret=credential(client_secret, "VIBES_RBM_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_basic_and_post",
        scope=_SCOPE,
        resource_server=ResourceServer(_BASE_URL, errors=_ERRORS),
    )

"""360Learning, the learning platform. A Python name cannot begin with a digit.

Read at https://360learning.readme.io/docs/authentication, https://360learning.readme.io/docs/step-1-authenticate and
https://github.com/api-evangelist/360learning.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# The vendor's OpenAPI description as kept in github.com/api-evangelist/360learning, openapi/_original.
_BASE_URLS = {"eu": "https://app.360learning.com", "us": "https://app.us.360learning.com"}
_VERSION = {"360-api-version": "v2.0"}

# The same: a refused token is a string in `error`, a missing scope an object.
_ERRORS = ErrorFormat(code=("error", "error.code"), message="error.message")


def learning_360(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    region: Literal["eu", "us"] = "eu",
    user_id: str | None = None,
    company_id: str | None = None,
) -> ClientCredentials:
    """Return the grant for 360Learning's API v2 at https://app.360learning.com, or https://app.us.360learning.com.

    Credentials from the arguments, or from LEARNING_360_CLIENT_ID and LEARNING_360_CLIENT_SECRET. `region` is "eu" or
    "us". `user_id` is for endpoints that act for a user, `company_id` for those of services. Scopes belong to the
    credentials and are not asked for. 403 means a missing one, so only 401 renews. Tokens live an hour.
    """
    base_url = one_of(_BASE_URLS, region, "region")
    acting_for = {"user_id": user_id, "company_id": company_id}
    return ClientCredentials(
        token_endpoint=f"{base_url}/api/v2/oauth2/token",
        client_id=credential(client_id, "LEARNING_360_CLIENT_ID"),
        client_secret=credential(client_secret, "LEARNING_360_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_json",
        parameters={name: value for name, value in acting_for.items() if value is not None},
        resource_server=ResourceServer(base_url, headers=_VERSION, errors=_ERRORS),
    )

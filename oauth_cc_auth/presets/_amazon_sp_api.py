"""Amazon's Selling Partner API, its grantless operations.

Read at https://developer-docs.amazon.com/sp-api/docs/grantless-operations,
https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints,
https://github.com/amzn/selling-partner-api-docs/issues/2147 and
https://github.com/amzn/selling-partner-api-models/issues/826.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ApiError, ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of
from oauth_cc_auth.presets._environment import facts

_TOKEN_ENDPOINT = "https://api.amazon.com/auth/o2/token"

# https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints: North America, Europe, Far East.
_HOSTS = {region: f"sellingpartnerapi-{region}.amazon.com" for region in ("na", "eu", "fe")}

# github.com/amzn/selling-partner-api-models, spapiclient.py and the models' `host`.
_ENVIRONMENTS = {"production": "", "sandbox": "sandbox."}

# What is said of a token stands in `details`, which is empty where the request is denied for another reason.
_ERRORS = ErrorFormat(code="errors.0.code", message=("errors.0.details", "errors.0.message"))


def _is_about_the_token(said: ApiError) -> bool:
    # 403 with the code Unauthorized is both: "The access token you provided has expired.", or "... is revoked,
    # malformed or invalid.", and "Access to requested resource is denied.", which a new token would not change.
    return "access token" in (said.message or "").lower()


@facts(client_id="LWA_APP_ID", client_secret="LWA_CLIENT_SECRET")
def amazon_sp_api(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several = "sellingpartnerapi::notifications",
    region: Literal["na", "eu", "fe"] = "na",
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for grantless operations of Amazon's Selling Partner API at https://sellingpartnerapi-na.amazon.com.

    Credentials from the arguments, or from AMAZON_SP_API_CLIENT_ID and AMAZON_SP_API_CLIENT_SECRET. `region` is "na",
    "eu" or "fe", and each has an `environment` "sandbox" too. A `scope` is required, by default that of the
    Notifications API. All other operations need a seller's consent. Tokens live an hour and stand in a header of their
    own. A refused token is 403, as a denial is: only what the answer says tells them apart.
    """
    server = ResourceServer(
        f"https://{one_of(_ENVIRONMENTS, environment, 'environment')}{one_of(_HOSTS, region, 'region')}",
        header="x-amz-access-token",
        scheme=None,
        renew_on={401, 403},
        renew_if=_is_about_the_token,
        errors=_ERRORS,
    )
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "AMAZON_SP_API_CLIENT_ID"),
        client_secret=credential(client_secret, "AMAZON_SP_API_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        resource_server=server,
    )

"""PhonePe Payment Gateway, payments in India.

Read at
https://developer.phonepe.com/payment-gateway/website-integration/standard-checkout/api-integration/api-reference/authorization
and https://github.com/PhonePe/phonepe-pg-sdk-python.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# phonepe/sdk/pg/common/constants/base_urls.py of the vendor's package: authorization server and API.
_HOSTS = {
    "production": ("https://api.phonepe.com/apis/identity-manager", "https://api.phonepe.com/apis/pg"),
    "sandbox": ("https://api-preprod.phonepe.com/apis/pg-sandbox", "https://api-preprod.phonepe.com/apis/pg-sandbox"),
}

# phonepe/sdk/pg/common/token_handler/token_service.py: the token is presented after its type, and ends at expires_at,
# in seconds since the epoch.
_SCHEME = "O-Bearer"
_TOKEN = ResponseFormat(bearer_token_types=(_SCHEME,), expires_at="expires_at")


def phonepe(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    client_version: str | None = None,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for PhonePe's payment gateway at https://api.phonepe.com/apis/pg.

    Credentials from the arguments, or from PHONEPE_CLIENT_ID and PHONEPE_CLIENT_SECRET; so is the `client_version`
    that came with them, which is "1" in the `environment` "sandbox". Tokens are sent after the word O-Bearer. The
    answer says when a token ends, not how long it lives.
    """
    authorization_server, base_url = one_of(_HOSTS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{authorization_server}/v1/oauth/token",
        client_id=credential(client_id, "PHONEPE_CLIENT_ID"),
        client_secret=credential(client_secret, "PHONEPE_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        parameters={"client_version": credential(client_version, "PHONEPE_CLIENT_VERSION")},
        token_response=_TOKEN,
        resource_server=ResourceServer(base_url, scheme=_SCHEME),
    )

"""Vipps MobilePay, payments in the Nordic countries.

Read at https://developer.vippsmobilepay.com/docs/APIs/access-token-api/standard-authentication,
https://developer.vippsmobilepay.com/api/access-token and
https://developer.vippsmobilepay.com/docs/developer-resources/servers/.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# https://developer.vippsmobilepay.com/docs/developer-resources/servers/, the same for all APIs.
_BASE_URLS = {"production": "https://api.vipps.no", "test": "https://apitest.vipps.no"}

_NO_BODY = RequestFormat(body=None)


def _in_headers(client_id: str, client_secret: str) -> dict[str, str]:
    return {"client_id": client_id, "client_secret": client_secret}


def vipps(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    subscription_key: str | None = None,
    merchant_serial_number: str | None = None,
    environment: Literal["production", "test"] = "production",
) -> ClientCredentials:
    """Return the grant for Vipps MobilePay's APIs at https://api.vipps.no.

    The keys of a sales unit from the arguments, or from VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and
    VIPPS_SUBSCRIPTION_KEY; the `environment` "test" has its own. All stand in headers of a token request that has no
    body; the subscription key, and the `merchant_serial_number` where it is given, go with API calls too. Several
    tokens may live at once: each a day, in the test environment an hour.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    headers = {"Ocp-Apim-Subscription-Key": credential(subscription_key, "VIPPS_SUBSCRIPTION_KEY")}
    if merchant_serial_number is not None:
        headers["Merchant-Serial-Number"] = merchant_serial_number
    return ClientCredentials(
        token_endpoint=f"{base_url}/accesstoken/get",
        client_id=credential(client_id, "VIPPS_CLIENT_ID"),
        client_secret=credential(client_secret, "VIPPS_CLIENT_SECRET"),
        token_endpoint_auth_method=_in_headers,
        grant_type=None,
        headers=headers,
        token_request=_NO_BODY,
        resource_server=ResourceServer(base_url, headers=headers),
    )


def vipps_partner(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    environment: Literal["production", "test"] = "production",
) -> ClientCredentials:
    """Return the grant for Vipps MobilePay's APIs for partners at https://api.vipps.no: Report, Management, Donations.

    Accounting, management or merchant level keys from the arguments, or from VIPPS_PARTNER_CLIENT_ID and
    VIPPS_PARTNER_CLIENT_SECRET. These tokens need no subscription key, and live 15 minutes.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        # https://developer.vippsmobilepay.com/docs/APIs/access-token-api/specialized-authentication
        token_endpoint=f"{base_url}/miami/v1/token",
        client_id=credential(client_id, "VIPPS_PARTNER_CLIENT_ID"),
        client_secret=credential(client_secret, "VIPPS_PARTNER_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_basic_raw",
        scope=scope,
        resource_server=ResourceServer(base_url),
    )

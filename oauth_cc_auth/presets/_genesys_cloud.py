"""Genesys Cloud, contact centres.

Read at https://github.com/MyPureCloud/platform-client-sdk-python and
https://github.com/MyPureCloud/platform-client-sdk-javascript.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of
from oauth_cc_auth.presets._environment import facts

# github.com/MyPureCloud/platform-client-sdk-javascript, …/purecloud-platform-client-v2/PureCloudRegionHosts.js
_DOMAINS = {
    "us_east_1": "mypurecloud.com",
    "eu_west_1": "mypurecloud.ie",
    "ap_southeast_2": "mypurecloud.com.au",
    "ap_northeast_1": "mypurecloud.jp",
    "eu_central_1": "mypurecloud.de",
    "us_west_2": "usw2.pure.cloud",
    "ca_central_1": "cac1.pure.cloud",
    "ap_northeast_2": "apne2.pure.cloud",
    "eu_west_2": "euw2.pure.cloud",
    "ap_south_1": "aps1.pure.cloud",
    "us_east_2": "use2.us-gov-pure.cloud",
    "sa_east_1": "sae1.pure.cloud",
    "me_central_1": "mec1.pure.cloud",
    "ap_northeast_3": "apne3.pure.cloud",
    "eu_central_2": "euc2.pure.cloud",
    "mx_central_1": "mxc1.pure.cloud",
    "ap_southeast_1": "apse1.pure.cloud",
    "eusc_de_east_1": "edee1.eusc-pure.cloud",
}

Region: TypeAlias = Literal[
    "us_east_1",
    "eu_west_1",
    "ap_southeast_2",
    "ap_northeast_1",
    "eu_central_1",
    "us_west_2",
    "ca_central_1",
    "ap_northeast_2",
    "eu_west_2",
    "ap_south_1",
    "us_east_2",
    "sa_east_1",
    "me_central_1",
    "ap_northeast_3",
    "eu_central_2",
    "mx_central_1",
    "ap_southeast_1",
    "eusc_de_east_1",
]


@facts(
    client_id="GENESYSCLOUD_OAUTHCLIENT_ID",
    client_secret="GENESYSCLOUD_OAUTHCLIENT_SECRET",
    region="GENESYSCLOUD_REGION",
)
def genesys_cloud(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    region: Region = "us_east_1",
) -> ClientCredentials:
    """Return the grant for Genesys Cloud's API at https://api.mypurecloud.com, or that of another `region`.

    Credentials from the arguments, or from GENESYS_CLOUD_CLIENT_ID and GENESYS_CLOUD_CLIENT_SECRET. Regions have the
    names of the vendor's libraries, as ``eu_central_1``, or with dashes. How long tokens live is not stated there.
    """
    domain = one_of(_DOMAINS, region, "region")
    return ClientCredentials(
        # …-sdk-python, api_client.py, get_client_credentials_token; it joins id and secret as they are.
        token_endpoint=f"https://login.{domain}/oauth/token",
        client_id=credential(client_id, "GENESYS_CLOUD_CLIENT_ID"),
        client_secret=credential(client_secret, "GENESYS_CLOUD_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_basic_raw",
        resource_server=ResourceServer(f"https://api.{domain}"),
    )

"""Genesys Cloud: a host for tokens and one for the API in each region."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import BASIC_RAW, DAY, Vendor

# PureCloudRegionHosts.js there.
_FIRST = ("mypurecloud.com", "mypurecloud.ie", "mypurecloud.com.au", "mypurecloud.jp", "mypurecloud.de")
_LATER = ("usw2", "cac1", "apne2", "euw2", "aps1", "sae1", "mec1", "apne3", "euc2", "mxc1", "apse1")
_DOMAINS = (*_FIRST, *(f"{region}.pure.cloud" for region in _LATER), "use2.us-gov-pure.cloud", "edee1.eusc-pure.cloud")

VENDOR = Vendor(
    "genesys_cloud",
    source="https://github.com/MyPureCloud/platform-client-sdk-javascript",
    token_endpoints=tuple(f"login.{domain}/oauth/token" for domain in _DOMAINS),
    apis=tuple(f"api.{domain}/api/v2/" for domain in _DOMAINS),
    auth_methods=frozenset({BASIC_RAW}),
    # Not documented there.
    lifetime=DAY,
)

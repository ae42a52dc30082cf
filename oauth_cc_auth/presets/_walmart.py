"""Walmart Marketplace.

Read at https://developer.walmart.com/doc/us/mp/us-mp-auth/ and
https://developer.walmart.com/global-marketplace/reference/tokenapi.
"""

from __future__ import annotations

from typing import Literal
from uuid import uuid4

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._http.headers import HeaderValue
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

_BASE_URLS = {"production": "https://marketplace.walmartapis.com", "sandbox": "https://sandbox.walmartapis.com"}
_SERVICE = "Walmart Marketplace"


def _correlation_id() -> str:
    return str(uuid4())


# On token and API requests alike, the former new for each. Without the Accept header that every token request of this
# package has, the answer may be XML.
_HEADERS: dict[str, HeaderValue] = {"WM_QOS.CORRELATION_ID": _correlation_id, "WM_SVC.NAME": _SERVICE}


def walmart(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for Walmart Marketplace's API at https://marketplace.walmartapis.com.

    Credentials from the arguments, or from WALMART_CLIENT_ID and WALMART_CLIENT_SECRET. `environment` may be "sandbox".
    Tokens live 15 minutes and stand in a header of their own. Outside the United States some APIs want Basic beside it
    (``Authorization``), and suppliers a channel type: give those headers with the call.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/v3/token",
        client_id=credential(client_id, "WALMART_CLIENT_ID"),
        client_secret=credential(client_secret, "WALMART_CLIENT_SECRET"),
        headers=_HEADERS,
        resource_server=ResourceServer(base_url, header="WM_SEC.ACCESS_TOKEN", scheme=None, headers=_HEADERS),
    )

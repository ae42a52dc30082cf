"""Sabre, the travel reservation system: its REST APIs.

Read at https://developer.sabre.com/guides/airline-carrier/how-to/rest-apis-token-credentials,
https://developer.sabre.com/guides/travel-agency/reference/environments,
https://developer.sabre.com/docs/read/rest_basics/authentication and
https://github.com/SabreDevStudio/bargain-finder-max-sample-nodejs.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Literal

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# https://developer.sabre.com/guides/travel-agency/reference/environments
_BASE_URLS = {
    "production": "https://api.platform.sabre.com",
    "certification": "https://api.cert.platform.sabre.com",
}


def _in_base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")


def _twice_in_base64(client_id: str, client_secret: str) -> dict[str, str]:
    # …/rest-apis-token-credentials: each half first, then the pair.
    return {"Authorization": "Basic " + _in_base64(f"{_in_base64(client_id)}:{_in_base64(client_secret)}")}


def sabre(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "certification"] = "production",
) -> ClientCredentials:
    """Return the grant for Sabre's REST APIs at https://api.platform.sabre.com, or https://api.cert.platform.sabre.com.

    `client_id` is what Sabre calls the user id, ``V1:userid:group:domain``, and `client_secret` the password, both as
    they are, from the arguments, or from SABRE_CLIENT_ID and SABRE_CLIENT_SECRET. `environment` is ``production`` or
    ``certification``. Tokens (version 2) live a week.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/v2/auth/token",
        client_id=credential(client_id, "SABRE_CLIENT_ID"),
        client_secret=credential(client_secret, "SABRE_CLIENT_SECRET"),
        token_endpoint_auth_method=_twice_in_base64,
        resource_server=ResourceServer(base_url),
    )

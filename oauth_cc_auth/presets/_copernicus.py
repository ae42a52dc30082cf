"""Copernicus Data Space Ecosystem, the European Union's satellite imagery, by its Sentinel Hub APIs.

Read at https://documentation.dataspace.copernicus.eu/APIs/SentinelHub/Overview/Authentication.html and
https://github.com/eu-cdse/documentation.
"""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode
from typing import Any

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._http.json_path import json_object, positive
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential
from oauth_cc_auth.presets._environment import facts

_TOKEN_ENDPOINT = "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token"
_BASE_URL = "https://sh.dataspace.copernicus.eu"

# APIs/openEO/authentication/client_credentials.qmd of that repository; the second is the federation's.
_OPENEO, _FEDERATION = "https://openeo.dataspace.copernicus.eu", "https://openeofed.dataspace.copernicus.eu"

# https://documentation.dataspace.copernicus.eu/APIs/SentinelHub/Overview/RateLimiting.html:
# Retry-After counts milliseconds.
_ERRORS = ErrorFormat(code=("code", "error.code"), message=("message", "error.message"), seconds=0.001)


def _lifetime(answer: dict[str, Any]) -> float | None:
    """Return what the answer says, else what the token does: the page has only its claim `exp` (RFC 7519 §4.1)."""
    stated = positive(answer.get("expires_in"))
    if stated is not None:
        return stated
    payload = str(answer.get("access_token")).split(".")[1:2]
    try:
        claims = json_object(urlsafe_b64decode(f"{''.join(payload)}===")) or {}
    except ValueError:
        return None
    ends, issued = positive(claims.get("exp")), positive(claims.get("iat"))
    # By the server's clock alone where it says when it began.
    return None if ends is None else ends - (time.time() if issued is None else issued)


@facts(client_id="SH_CLIENT_ID", client_secret="SH_CLIENT_SECRET")
def copernicus(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Copernicus Data Space's API at https://sh.dataspace.copernicus.eu.

    Credentials from the arguments, or from COPERNICUS_CLIENT_ID and COPERNICUS_CLIENT_SECRET, made in the settings of
    the dashboard. A client that requests too many tokens gets 429; how many are too many is not documented. When a
    token ends stands in the token.
    """
    return _grant(
        credential(client_id, "COPERNICUS_CLIENT_ID"),
        credential(client_secret, "COPERNICUS_CLIENT_SECRET"),
        ResourceServer(_BASE_URL, errors=_ERRORS),
    )


@facts(
    client_id=("COPERNICUS_CLIENT_ID", "SH_CLIENT_ID"), client_secret=("COPERNICUS_CLIENT_SECRET", "SH_CLIENT_SECRET")
)
def copernicus_openeo(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Copernicus Data Space's openEO API at https://openeo.dataspace.copernicus.eu.

    Credentials from the arguments, or from COPERNICUS_OPENEO_CLIENT_ID and COPERNICUS_OPENEO_CLIENT_SECRET. They are
    made as those of `copernicus`; the token may go to the openEO federation too.
    """
    return _grant(
        credential(client_id, "COPERNICUS_OPENEO_CLIENT_ID"),
        credential(client_secret, "COPERNICUS_OPENEO_CLIENT_SECRET"),
        # openEO wants to know whose token it is: Bearer oidc/CDSE/TOKEN.
        ResourceServer(_OPENEO, origins=(_FEDERATION,), prefix="oidc/CDSE/"),
        scope="openid",
    )


def _grant(
    client_id: str, client_secret: Secret, resource_server: ResourceServer, scope: str | None = None
) -> ClientCredentials:
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=client_id,
        client_secret=client_secret,
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        token_response=ResponseFormat(expires_in=_lifetime),
        resource_server=resource_server,
    )

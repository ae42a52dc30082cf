"""Wayfair, for suppliers.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://developer.wayfair.com/.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, one_of

_BASE_URLS = {"production": "https://api.wayfair.com", "sandbox": "https://sandbox.api.wayfair.com"}


def wayfair(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for Wayfair's supplier API at https://api.wayfair.com.

    Credentials from the arguments, or from WAYFAIR_CLIENT_ID and WAYFAIR_CLIENT_SECRET; those of the `environment`
    "sandbox" are others. The API of catalogue and advertising at api.wayfair.io is not reached by this audience.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint="https://sso.auth.wayfair.com/oauth/token",
        client_id=credential(client_id, "WAYFAIR_CLIENT_ID"),
        client_secret=credential(client_secret, "WAYFAIR_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_json",
        # The slash at the end belongs to it.
        audience=f"{base_url}/",
        resource_server=ResourceServer(base_url),
    )

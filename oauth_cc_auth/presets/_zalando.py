"""Zalando, zDirect for merchants.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://developers.merchants.zalando.com/.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, facts, one_of

_BASE_URLS = {"production": "https://api.merchants.zalando.com", "sandbox": "https://api-sandbox.merchants.zalando.com"}


@facts(probe="/auth/me")
def zalando(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for Zalando's merchant API at https://api.merchants.zalando.com.

    Credentials from the arguments, or from ZALANDO_CLIENT_ID and ZALANDO_CLIENT_SECRET; those of the `environment`
    "sandbox" are others.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/auth/token",
        client_id=credential(client_id, "ZALANDO_CLIENT_ID"),
        client_secret=credential(client_secret, "ZALANDO_CLIENT_SECRET"),
        scope="access_token_only",
        resource_server=ResourceServer(base_url),
    )

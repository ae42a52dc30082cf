"""Dwolla, payments by bank transfer.

Read at https://github.com/Dwolla/dwolla-v2-python.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, facts, one_of

_BASE_URLS = {"production": "https://api.dwolla.com", "sandbox": "https://api-sandbox.dwolla.com"}


@facts(client_id="DWOLLA_APP_KEY", client_secret="DWOLLA_APP_SECRET")
def dwolla(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for Dwolla's API at https://api.dwolla.com.

    Credentials from the arguments, or from DWOLLA_CLIENT_ID and DWOLLA_CLIENT_SECRET; those of the `environment`
    "sandbox" are others. Tokens live an hour. Calls accept ``application/vnd.dwolla.v1.hal+json``.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/token",
        client_id=credential(client_id, "DWOLLA_CLIENT_ID"),
        client_secret=credential(client_secret, "DWOLLA_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(base_url),
    )

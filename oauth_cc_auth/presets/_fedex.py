"""FedEx.

Read at https://developer.fedex.com/api/en-gr/catalog/authorization/docs.html, and on the best practices of
https://developer.fedex.com/.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, one_of

_BASE_URLS = {"production": "https://apis.fedex.com", "sandbox": "https://apis-sandbox.fedex.com"}


def fedex(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for FedEx' APIs at https://apis.fedex.com.

    Credentials from the arguments, or from FEDEX_CLIENT_ID and FEDEX_CLIENT_SECRET; those of the `environment`
    "sandbox" are others. API key and secret are those of a project; the tracking API wants a project of its own.
    Tokens live an hour. Child keys of parents' customers are parameters that you add.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/oauth/token",
        client_id=credential(client_id, "FEDEX_CLIENT_ID"),
        client_secret=credential(client_secret, "FEDEX_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(base_url),
    )

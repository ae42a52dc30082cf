"""HMRC, British taxes, its application-restricted APIs.

Read at https://github.com/hmrc/api-documentation-frontend.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential, one_of

_BASE_URLS = {"production": "https://api.service.hmrc.gov.uk", "sandbox": "https://test-api.service.hmrc.gov.uk"}


def hmrc(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for HMRC's APIs at https://api.service.hmrc.gov.uk.

    Credentials from the arguments, or from HMRC_CLIENT_ID and HMRC_CLIENT_SECRET; those of the `environment`
    "sandbox" are others. Tokens live four hours. Each API names its version in Accept, as
    ``application/vnd.hmrc.1.0+json``.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/oauth/token",
        client_id=credential(client_id, "HMRC_CLIENT_ID"),
        client_secret=credential(client_secret, "HMRC_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        resource_server=ResourceServer(base_url),
    )

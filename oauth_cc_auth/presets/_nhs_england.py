"""NHS England, its application-restricted APIs.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://digital.nhs.uk/developer.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import (
    ENDPOINT,
    ClientCredentials,
    PrivateKeyJWT,
    ResourceServer,
    Secret,
    credential,
    one_of,
)

_BASE_URLS = {"production": "https://api.service.nhs.uk", "integration": "https://int.api.service.nhs.uk"}


def nhs_england(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    kid: str | None = None,
    environment: Literal["production", "integration"] = "production",
) -> ClientCredentials:
    """Return the grant for NHS England's APIs at https://api.service.nhs.uk.

    Credentials from the arguments, or from NHS_ENGLAND_CLIENT_ID and NHS_ENGLAND_CLIENT_SECRET; those of the
    `environment` "integration" are others. The client id is the application's API key, and the secret its private
    key, as PEM or JWK; `kid` names the key, from the argument or NHS_ENGLAND_KID.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/oauth2/token",
        client_id=credential(client_id, "NHS_ENGLAND_CLIENT_ID"),
        client_secret=credential(client_secret, "NHS_ENGLAND_CLIENT_SECRET"),
        token_endpoint_auth_method=_proof(credential(kid, "NHS_ENGLAND_KID")),
        resource_server=ResourceServer(base_url),
    )


def _proof(kid: str) -> PrivateKeyJWT:
    return PrivateKeyJWT(alg="RS512", kid=kid, audience=ENDPOINT, typ=None, lifetime=300)

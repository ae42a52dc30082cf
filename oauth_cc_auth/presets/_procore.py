"""Procore, construction management.

Read at https://github.com/procore/documentation.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, one_of

_HOSTS = {
    "production": ("login.procore.com", "api.procore.com"),
    "sandbox": ("login-sandbox.procore.com", "sandbox.procore.com"),
}


def procore(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    company_id: str | None = None,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for Procore's API at https://api.procore.com.

    Credentials of a service account from the arguments, or from PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET; the
    `environment` "sandbox" is at https://sandbox.procore.com. `company_id` goes with each call as
    Procore-Company-Id. Tokens live an hour and a half.
    """
    login, api = one_of(_HOSTS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"https://{login}/oauth/token",
        client_id=credential(client_id, "PROCORE_CLIENT_ID"),
        client_secret=credential(client_secret, "PROCORE_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(
            f"https://{api}", headers={} if company_id is None else {"Procore-Company-Id": company_id}
        ),
    )

"""ORCID, researchers.

Read at https://github.com/ORCID/ORCID-Source.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential, one_of

# Where tokens are requested, the public API and that for members.
_HOSTS = {
    "production": ("orcid.org", "pub.orcid.org", "api.orcid.org"),
    "sandbox": ("sandbox.orcid.org", "pub.sandbox.orcid.org", "api.sandbox.orcid.org"),
}


def orcid(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several = "/read-public",
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for ORCID's public API at https://pub.orcid.org.

    Credentials from the arguments, or from ORCID_CLIENT_ID and ORCID_CLIENT_SECRET; those of the `environment`
    "sandbox" are others. The token may go to the API for
    members too. It lives twenty years, and a refresh token that comes with it is of no use.
    """
    login, public, members = one_of(_HOSTS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"https://{login}/oauth/token",
        client_id=credential(client_id, "ORCID_CLIENT_ID"),
        client_secret=credential(client_secret, "ORCID_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        resource_server=ResourceServer(f"https://{public}", origins=(f"https://{members}",)),
    )

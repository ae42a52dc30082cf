"""athenahealth, health records.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://docs.athenahealth.com/.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import (
    ClientCredentials,
    ResourceServer,
    Secret,
    Several,
    credential,
    facts,
    one_of,
)

_BASE_URLS = {
    "production": "https://api.platform.athenahealth.com",
    "preview": "https://api.preview.platform.athenahealth.com",
}


@facts(client_id="ATHENA_CLIENT_ID", client_secret="ATHENA_CLIENT_SECRET")
def athenahealth(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    environment: Literal["production", "preview"] = "production",
) -> ClientCredentials:
    """Return the grant for athenahealth's API at https://api.platform.athenahealth.com.

    Credentials from the arguments, or from ATHENAHEALTH_CLIENT_ID and ATHENAHEALTH_CLIENT_SECRET; those of the
    `environment` "preview" are others. `scope`, as ``athena/service/Athenanet.MDP.*``, from the argument or
    ATHENAHEALTH_SCOPE.
    """
    base_url = one_of(_BASE_URLS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{base_url}/oauth2/v1/token",
        client_id=credential(client_id, "ATHENAHEALTH_CLIENT_ID"),
        client_secret=credential(client_secret, "ATHENAHEALTH_CLIENT_SECRET"),
        scope=scope or credential(None, "ATHENAHEALTH_SCOPE"),
        resource_server=ResourceServer(base_url),
    )

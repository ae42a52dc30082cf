"""Sophos Central, endpoint security.

Read at
https://community.sophos.com/sophos-central-api/f/recommended-reads/120745/authenticating-to-sophos-central-apis,
https://docs.sophos.com/central/customer/help/en-us/ManageYourProducts/GlobalSettings/APICredentials/ThirdPartyAccess/index.html
and https://github.com/sophos/Sophos-Central-SIEM-Integration.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, label
from oauth_cc_auth.presets._environment import facts

# Sophos-Central-SIEM-Integration, config.ini.sample and api_client.py
_TOKEN_ENDPOINT = "https://id.sophos.com/api/v2/oauth2/token"
_BASE_URL = "https://api.central.sophos.com"
_SCOPE = "token"


@facts(probe="/whoami/v1")
def sophos(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    data_region: str | None = None,
    tenant_id: str | None = None,
) -> ClientCredentials:
    """Return the grant for Sophos Central's API at https://api.central.sophos.com, and for that of a data region.

    Credentials from the arguments, or from SOPHOS_CLIENT_ID and SOPHOS_CLIENT_SECRET. Where a tenant's data lives, and
    its id, says ``/whoami/v1``: then pass `data_region`, as ``eu01``, for https://api-eu01.central.sophos.com, and
    `tenant_id`, which goes with each call there. Partners and organizations name themselves by X-Partner-ID or
    X-Organization-ID with the call. Tokens live an hour.
    """
    base_url = _BASE_URL
    if data_region is not None:
        base_url = f"https://api-{label(data_region, 'data_region')}.central.sophos.com"
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "SOPHOS_CLIENT_ID"),
        client_secret=credential(client_secret, "SOPHOS_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=_SCOPE,
        resource_server=ResourceServer(
            base_url, origins=(_BASE_URL,), headers={} if tenant_id is None else {"X-Tenant-ID": tenant_id}
        ),
    )

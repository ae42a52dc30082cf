"""Prisma SASE, Palo Alto Networks' network security from the cloud.

Read at https://pan.dev/sase/docs/access-tokens, https://pan.dev/sase/docs/getstarted and
https://pan.dev/prisma-browser/guide/authentication/.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, segment

_BASE_URL = "https://api.sase.paloaltonetworks.com"
_TOKEN_ENDPOINT = "https://auth.apps.paloaltonetworks.com/oauth2/access_token"


def prisma_sase(
    client_id: str | None = None, client_secret: Secret | None = None, *, tsg_id: str | None = None
) -> ClientCredentials:
    """Return the grant for Prisma SASE's APIs at https://api.sase.paloaltonetworks.com.

    Credentials of a service account from the arguments, or from PRISMA_SASE_CLIENT_ID and PRISMA_SASE_CLIENT_SECRET; so
    is `tsg_id`, the tenant service group that the token is for (PRISMA_SASE_TSG_ID). Tokens live 15 minutes. 403 means
    that the service account has no role for this, so only 401 renews.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "PRISMA_SASE_CLIENT_ID"),
        client_secret=credential(client_secret, "PRISMA_SASE_CLIENT_SECRET"),
        # As curl -u sends it in https://pan.dev/sase/docs/access-tokens; client ids have an @ in them.
        token_endpoint_auth_method="client_secret_basic_raw",
        scope=f"tsg_id:{segment(tsg_id, 'PRISMA_SASE_TSG_ID')}",
        resource_server=ResourceServer(_BASE_URL),
    )

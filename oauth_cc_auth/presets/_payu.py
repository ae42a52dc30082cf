"""PayU GPO Europe, payments.

Read at https://developers.payu.com/europe/docs/payment-flows/auth-and-order and
https://github.com/PayU-EMEA/openpayu_php.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# lib/OpenPayU/Configuration.php of the vendor's package.
_ORIGINS = {"production": "https://secure.payu.com", "sandbox": "https://secure.snd.payu.com"}


def payu(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment: Literal["production", "sandbox"] = "production",
) -> ClientCredentials:
    """Return the grant for PayU's REST API in Europe at https://secure.payu.com/api/v2_1.

    Credentials, those of a point of sale, from the arguments, or from PAYU_CLIENT_ID and PAYU_CLIENT_SECRET; the
    `environment` "sandbox" has its own. The grants ``trusted_merchant`` and ``partner`` are others. The answer says how
    long a token lives.
    """
    origin = one_of(_ORIGINS, environment, "environment")
    return ClientCredentials(
        token_endpoint=f"{origin}/pl/standard/user/oauth/authorize",
        client_id=credential(client_id, "PAYU_CLIENT_ID"),
        client_secret=credential(client_secret, "PAYU_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(f"{origin}/api/v2_1"),
    )

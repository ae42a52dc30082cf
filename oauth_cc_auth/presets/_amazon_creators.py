"""Amazon's Creators API, which follows the Product Advertising API.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://affiliate-program.amazon.com/creatorsapi/docs/.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, facts, one_of

_TOKEN_ENDPOINT = "https://{}/auth/o2/token"
_HOSTS = {"na": "api.amazon.com", "eu": "api.amazon.co.uk", "fe": "api.amazon.co.jp"}


@facts(client_id="AMAZON_CREATORS_CREDENTIAL_ID", client_secret="AMAZON_CREATORS_CREDENTIAL_SECRET")
def amazon_creators(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    region: Literal["na", "eu", "fe"] = "na",
    marketplace: str | None = None,
) -> ClientCredentials:
    """Return the grant for Amazon's Creators API at https://creatorsapi.amazon, for credentials of version 3.

    Credentials from the arguments, or from AMAZON_CREATORS_CLIENT_ID and AMAZON_CREATORS_CLIENT_SECRET. `region` is
    na, eu or fe: where the credentials were made (api.amazon.com, .co.uk, .co.jp). `marketplace`, as
    ``www.amazon.de``, goes with each call; the call may name another. Tokens live an hour.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT.format(one_of(_HOSTS, region, "region")),
        client_id=credential(client_id, "AMAZON_CREATORS_CLIENT_ID"),
        client_secret=credential(client_secret, "AMAZON_CREATORS_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope="creatorsapi::default",
        resource_server=ResourceServer(
            "https://creatorsapi.amazon", headers={} if marketplace is None else {"x-marketplace": marketplace}
        ),
    )

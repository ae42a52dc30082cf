"""Salesforce B2C Commerce, by its Account Manager.

Seen in the code of several independent clients; the vendor's own documentation begins at
https://developer.salesforce.com/docs/commerce/commerce-api/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential, facts


@facts(client_id="SFCC_CLIENT_ID", client_secret="SFCC_CLIENT_SECRET")
def salesforce_commerce(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    base_url: str | None = None,
) -> ClientCredentials:
    """Return the grant for B2C Commerce's APIs at `base_url`, as https://SHORT_CODE.api.commercecloud.salesforce.com.

    Credentials of an API client from the arguments, or from SALESFORCE_COMMERCE_CLIENT_ID and
    SALESFORCE_COMMERCE_CLIENT_SECRET; so is `base_url`. The newer API wants a `scope`, as
    ``SALESFORCE_COMMERCE_API:TENANT sfcc.orders.rw``; OCAPI, at the instance's own host, wants none.
    """
    return ClientCredentials(
        token_endpoint="https://account.demandware.com/dwsso/oauth2/access_token",
        client_id=credential(client_id, "SALESFORCE_COMMERCE_CLIENT_ID"),
        client_secret=credential(client_secret, "SALESFORCE_COMMERCE_CLIENT_SECRET"),
        scope=scope,
        resource_server=ResourceServer(credential(base_url, "SALESFORCE_COMMERCE_BASE_URL")),
    )

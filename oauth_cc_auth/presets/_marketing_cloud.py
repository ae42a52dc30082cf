"""Marketing Cloud Engagement of Salesforce.

Read at https://developer.salesforce.com/docs/marketing/marketing-cloud/guide/access-token-s2s and
https://github.com/salesforce-marketingcloud/FuelSDK-Python.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import (
    ClientCredentials,
    ResourceServer,
    Secret,
    Several,
    credential,
    facts,
    label,
)


@facts(
    client_id="FUELSDK_CLIENT_ID",
    client_secret="FUELSDK_CLIENT_SECRET",
    subdomain="FUELSDK_AUTH_URL",
    account_id="FUELSDK_ACCOUNT_ID",
)
def marketing_cloud(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    subdomain: str | None = None,
    account_id: str | None = None,
) -> ClientCredentials:
    """Return the grant for Marketing Cloud's REST API at https://SUBDOMAIN.rest.marketingcloudapis.com.

    Credentials of a server-to-server package from the arguments, or from MARKETING_CLOUD_CLIENT_ID and
    MARKETING_CLOUD_CLIENT_SECRET; the tenant's `subdomain`, or the URL of its token endpoint, from the
    argument or MARKETING_CLOUD_SUBDOMAIN. `account_id` is the MID of a business unit. Tokens live 20
    minutes. The SOAP API wants the token in its XML, so it is not reached by this.
    """
    name = label(subdomain, "MARKETING_CLOUD_SUBDOMAIN", within="auth.marketingcloudapis.com")
    return ClientCredentials(
        token_endpoint=f"https://{name}.auth.marketingcloudapis.com/v2/token",
        client_id=credential(client_id, "MARKETING_CLOUD_CLIENT_ID"),
        client_secret=credential(client_secret, "MARKETING_CLOUD_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_json",
        scope=scope,
        parameters={} if account_id is None else {"account_id": account_id},
        resource_server=ResourceServer(f"https://{name}.rest.marketingcloudapis.com"),
    )

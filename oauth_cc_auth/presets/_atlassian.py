"""Atlassian, for service accounts: Cloud and Data Center.

Read at https://support.atlassian.com/user-management/docs/create-oauth-2-0-credential-for-service-accounts/ and
https://confluence.atlassian.com/ ("Service accounts overview").
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import (
    ClientCredentials,
    ResourceServer,
    Secret,
    Several,
    credential,
    host,
    one_of,
    segment,
)

_PRODUCTS = {"jira": "jira", "confluence": "confluence"}


def atlassian_cloud(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    cloud_id: str | None = None,
    product: Literal["jira", "confluence"] = "jira",
) -> ClientCredentials:
    """Return the grant for Jira's or Confluence's API in the cloud at https://api.atlassian.com/ex/PRODUCT/CLOUD_ID.

    Credentials of a service account from the arguments, or from ATLASSIAN_CLOUD_CLIENT_ID and
    ATLASSIAN_CLOUD_CLIENT_SECRET; so is `cloud_id`, that of the site. `product` is jira or confluence. Scopes are
    fixed with the credential. Tokens live an hour.
    """
    site = segment(cloud_id, "ATLASSIAN_CLOUD_CLOUD_ID")
    return ClientCredentials(
        token_endpoint="https://auth.atlassian.com/oauth/token",
        client_id=credential(client_id, "ATLASSIAN_CLOUD_CLIENT_ID"),
        client_secret=credential(client_secret, "ATLASSIAN_CLOUD_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=ResourceServer(f"https://api.atlassian.com/ex/{one_of(_PRODUCTS, product, 'product')}/{site}"),
    )


def atlassian_data_center(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    server: str | None = None,
    scope: Several | None = None,
) -> ClientCredentials:
    """Return the grant for the API of an Atlassian Data Center product at https://SERVER.

    Credentials of a service account from the arguments, or from ATLASSIAN_DATA_CENTER_CLIENT_ID and
    ATLASSIAN_DATA_CENTER_CLIENT_SECRET; so are the `server` and the `scope`.
    """
    base_url = f"https://{host(server, 'ATLASSIAN_DATA_CENTER_SERVER')}"
    return ClientCredentials(
        token_endpoint=f"{base_url}/rest/oauth2/latest/token",
        client_id=credential(client_id, "ATLASSIAN_DATA_CENTER_CLIENT_ID"),
        client_secret=credential(client_secret, "ATLASSIAN_DATA_CENTER_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope or credential(None, "ATLASSIAN_DATA_CENTER_SCOPE"),
        resource_server=ResourceServer(base_url),
    )

"""Databricks, the data platform, for service principals.

Read at https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m and
https://github.com/databricks/databricks-sdk-py.
"""

from __future__ import annotations

from dataclasses import replace

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.discovery import Discovery
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, segment
from oauth_cc_auth.presets._credentials import host as checked
from oauth_cc_auth.presets._environment import facts

# What retrieve_token() in databricks/sdk/oauth.py reads there.
_TOKEN_ERRORS = ErrorFormat(code=("errorCode", "error"), message=("errorSummary", "error_description"))
# And databricks/sdk/errors/deserializer.py.
_ERRORS = ErrorFormat(code="error_code", message=("message", "detail", "error"))


@facts(probe="/api/2.0/preview/scim/v2/Me")
def databricks(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    host: str | None = None,
    scope: Several | None = "all-apis",
    authorization_details: str | None = None,
) -> ClientCredentials:
    """Return the grant for a Databricks workspace's API at https://HOST.

    The service principal's credentials from the arguments, or from DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET,
    the workspace's `host` or its URL or DATABRICKS_HOST, as Databricks itself calls them. `authorization_details` is
    the JSON text of RFC 9396. The token endpoint is looked up in the workspace's metadata. Tokens live an hour.
    """
    # github.com/databricks/databricks-sdk-py, _base_client.py, _fix_host_if_needed: as its own tools write and read it.
    base_url = f"https://{checked(host, 'DATABRICKS_HOST')}"
    return ClientCredentials(
        token_endpoint=Discovery(f"{base_url}/oidc/.well-known/oauth-authorization-server"),
        client_id=credential(client_id, "DATABRICKS_CLIENT_ID"),
        client_secret=credential(client_secret, "DATABRICKS_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_basic",
        scope=scope,
        authorization_details=authorization_details,
        token_response=ResponseFormat(errors=_TOKEN_ERRORS),
        resource_server=ResourceServer(base_url, errors=_ERRORS),
    )


@facts(client_id="DATABRICKS_CLIENT_ID", client_secret="DATABRICKS_CLIENT_SECRET", account_id="DATABRICKS_ACCOUNT_ID")
def databricks_account(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    account_id: str | None = None,
    host: str = "accounts.cloud.databricks.com",
    scope: Several | None = "all-apis",
    authorization_details: str | None = None,
) -> ClientCredentials:
    """Return the grant for a Databricks account's API at https://accounts.cloud.databricks.com.

    As `databricks`, with `account_id` or DATABRICKS_ACCOUNT_ID. `host` is that of the account console, another one on
    other clouds.
    """
    grant = databricks(client_id, client_secret, host=host, scope=scope, authorization_details=authorization_details)
    console = str(grant.resource_server and grant.resource_server.base_url)
    account = segment(account_id, "DATABRICKS_ACCOUNT_ID")
    metadata = f"{console}/oidc/accounts/{account}/.well-known/oauth-authorization-server"
    return replace(grant, token_endpoint=Discovery(metadata))

"""Dynatrace, monitoring.

Read at https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients/oauth-clients,
https://docs.dynatrace.com/managed/manage/identity-access-management/access-tokens-and-oauth-clients/oauth-clients and
https://github.com/dynatrace-oss/dynatrace-mcp.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, label, segment

_TOKEN_ENDPOINT = "https://sso.dynatrace.com/sso/oauth2/token"
_BASE_URL = "https://api.dynatrace.com"


def dynatrace(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    account_uuid: str | None = None,
    scope: Several | None = None,
    environment: str | None = None,
) -> ClientCredentials:
    """Return the grant for Dynatrace's account API at https://api.dynatrace.com, and for one environment's.

    Credentials from the arguments, or from DYNATRACE_CLIENT_ID and DYNATRACE_CLIENT_SECRET. `account_uuid`, or
    DYNATRACE_ACCOUNT_UUID, is the account's, without ``urn:dtaccount:``. `scope`, or DYNATRACE_SCOPE, is required, as
    ``account-idm-read``. With `environment`, as ``abc12345``, the token may also go to
    https://ENVIRONMENT.apps.dynatrace.com. Tokens live five minutes.
    """
    account = segment(account_uuid, "DYNATRACE_ACCOUNT_UUID")
    # github.com/dynatrace-oss/dynatrace-mcp, README.md, has the environment's address.
    own = () if environment is None else (f"https://{label(environment, 'environment')}.apps.dynatrace.com",)
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "DYNATRACE_CLIENT_ID"),
        client_secret=credential(client_secret, "DYNATRACE_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope or credential(None, "DYNATRACE_SCOPE"),
        resource=f"urn:dtaccount:{account}",
        resource_server=ResourceServer(_BASE_URL, origins=own),
    )

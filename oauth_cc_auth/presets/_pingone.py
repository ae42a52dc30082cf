"""PingOne, Ping Identity's cloud.

Read at
https://developer.pingidentity.com/pingone-api/getting-started/create-a-test-environment/step-1-get-access-token.html,
https://developer.pingidentity.com/pingone-api/auth/openid-connect-oauth-2/token-client_credentials-client-secret-post.html,
https://developer.pingidentity.com/pingone-api/auth/openid-connect-oauth-2/token-revocation.html,
https://developer.pingidentity.com/pingone-api/platform/reference/error-codes.html and
https://docs.pingidentity.com/pingone/developer_tools/p1_ip_address_domain_reference.html.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.client_authentication import ClientAuthMethod
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of, segment

# By the region codes of
# https://developer.pingidentity.com/pingone-api/workflow-library/using-postman-workflow-collections/using-the-pingone-postman-environment.html
_DOMAINS = {
    "NA": "pingone.com",
    "CA": "pingone.ca",
    "EU": "pingone.eu",
    "AU": "pingone.com.au",
    "SG": "pingone.sg",
    "AP": "pingone.asia",
}

# https://developer.pingidentity.com/pingone-api/platform/reference/error-codes.html: `id` is also in the server's log.
_ERRORS = ErrorFormat(code="code", message="message", request_id="id")


def pingone(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    environment_id: str | None = None,
    region: Literal["NA", "CA", "EU", "AU", "SG", "AP"] = "NA",
    token_endpoint_auth_method: ClientAuthMethod = "client_secret_basic",
) -> ClientCredentials:
    """Return the grant for PingOne's API at https://api.pingone.com, or that of another region, for a worker app.

    Credentials from the arguments, or from PINGONE_CLIENT_ID and PINGONE_CLIENT_SECRET; so is `environment_id`, that of
    the environment which the app is in. `region` is NA, CA, EU, AU, SG or AP. `token_endpoint_auth_method` is as the
    app is configured. Permissions are the roles of the app. Tokens live an hour and cannot be revoked.
    """
    domain = one_of(_DOMAINS, region, "region")
    environment = segment(environment_id, "PINGONE_ENVIRONMENT_ID")
    return ClientCredentials(
        token_endpoint=f"https://auth.{domain}/{environment}/as/token",
        client_id=credential(client_id, "PINGONE_CLIENT_ID"),
        client_secret=credential(client_secret, "PINGONE_CLIENT_SECRET"),
        token_endpoint_auth_method=token_endpoint_auth_method,
        resource_server=ResourceServer(f"https://api.{domain}", errors=_ERRORS),
    )

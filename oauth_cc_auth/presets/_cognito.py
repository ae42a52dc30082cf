"""Amazon Cognito user pools: tokens for APIs of one's own.

Read at https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html,
https://docs.aws.amazon.com/cognito/latest/developerguide/revocation-endpoint.html,
https://docs.aws.amazon.com/sdk-for-sap-abap/v1/api/latest/cgp/operation/CREATEUSERPOOLDOMAIN.html and
https://docs.amazonaws.cn/AWSCloudFormation/latest/TemplateReference/aws-properties-cognito-userpoolclient-tokenvalidityunits.html.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_authentication import ClientAuthMethod
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, host, label


def cognito(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    domain_prefix: str | None = None,
    region: str | None = None,
    custom_domain: str | None = None,
    base_url: str | None = None,
    token_endpoint_auth_method: ClientAuthMethod = "client_secret_basic",
) -> ClientCredentials:
    """Return the grant for an API of one's own, at `base_url`, that trusts an Amazon Cognito user pool.

    Credentials from the arguments, or from COGNITO_CLIENT_ID and COGNITO_CLIENT_SECRET; so are `base_url` and, for the
    domain https://PREFIX.auth.REGION.amazoncognito.com, `domain_prefix` and `region`; or pass the pool's
    `custom_domain`, as that of GovCloud, ``PREFIX.auth-fips.us-gov-west-1.amazoncognito.com``. Without a `scope` the
    token has all custom scopes of the client. client_secret_post will do too. How long a token lives is a setting of
    the client, from five minutes to a day. Tokens of this grant cannot be revoked: the pool's revocation endpoint takes
    refresh tokens only.
    """
    if custom_domain is None:
        prefix, in_region = label(domain_prefix, "COGNITO_DOMAIN_PREFIX"), label(region, "COGNITO_REGION")
        domain = f"{prefix}.auth.{in_region}.amazoncognito.com"
    else:
        domain = host(custom_domain, "COGNITO_CUSTOM_DOMAIN")
    return ClientCredentials(
        token_endpoint=f"https://{domain}/oauth2/token",
        client_id=credential(client_id, "COGNITO_CLIENT_ID"),
        client_secret=credential(client_secret, "COGNITO_CLIENT_SECRET"),
        token_endpoint_auth_method=token_endpoint_auth_method,
        scope=scope,
        resource_server=ResourceServer(credential(base_url, "COGNITO_BASE_URL")),
    )

"""Salesforce.

Read at https://developer.salesforce.com/docs/atlas.en-us.262.0.chatterapi.meta/chatterapi/quickstart_connecting.htm,
https://developer.salesforce.com/docs/atlas.en-us.260.0.chatterapi.meta/chatterapi/connect_error_responses.htm,
https://developer.salesforce.com/docs/atlas.en-us.mobile_sdk.meta/mobile_sdk/oauth_revoking_tokens.htm,
https://developer.salesforce.com/docs/einstein/genai/guide/agent-api-get-started.html,
https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm and
https://help.salesforce.com/apex/HTViewHelpDoc?id=xcloud.remoteaccess_oauth_jwt_flow.htm.
"""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.presets._vocabulary import (
    ClientCredentials,
    JWTBearer,
    RequestFormat,
    ResourceServer,
    Secret,
    SignedJWT,
    Token,
    credential,
    facts,
    host,
    label,
)

# https://developer.salesforce.com/docs/einstein/genai/guide/agent-api-get-started.html takes the same token.
_AGENTS = "https://api.salesforce.com"


def _instance_url(token: Token) -> str | None:
    url = token.extra.get("instance_url")
    return url if isinstance(url, str) else None


def salesforce(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    my_domain: str | None = None,
    sandbox: str | None = None,
) -> ClientCredentials:
    """Return the grant for Salesforce's APIs, where the token's answer says that they are.

    Credentials from the arguments, or from SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET: the consumer key and
    secret of an app with this flow enabled and a user to run as. `my_domain`, as ``acme`` in acme.my.salesforce.com or
    ``acme-dev-ed.develop`` of a Developer Edition, from the argument or SALESFORCE_MY_DOMAIN; the whole host or its URL
    will do. `sandbox` is the name of one. The token may go to the Agent API at https://api.salesforce.com too. The
    API's base is the answer's ``instance_url`` (``TokenSource.base_url()``). The answer does not say how long a token
    lives, which is a setting of the session, so it is used until it is refused: 401. 403 means a missing permission.
    """
    return ClientCredentials(
        client_id=credential(client_id, "SALESFORCE_CLIENT_ID"),
        client_secret=credential(client_secret, "SALESFORCE_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        **_servers(my_domain, sandbox, "SALESFORCE"),
    )


@facts(client_id="SALESFORCE_CLIENT_ID", my_domain="SALESFORCE_MY_DOMAIN", sandbox="SALESFORCE_SANDBOX")
def salesforce_jwt(
    client_id: str | None = None,
    private_key: Secret | None = None,
    *,
    username: str | None = None,
    my_domain: str | None = None,
    sandbox: str | None = None,
) -> JWTBearer:
    """Return the grant for Salesforce's APIs by the JWT bearer flow, as a user that an administrator has approved.

    The consumer key, as `client_id`, and the RSA `private_key`, PEM or JWK, of the certificate that the app has, from
    the arguments, or from SALESFORCE_JWT_CLIENT_ID and SALESFORCE_JWT_PRIVATE_KEY; so is `username`, whom the token is
    for. `my_domain` and `sandbox` are those of `salesforce`. The API's base is the answer's ``instance_url``, and the
    answer does not say how long a token lives: it is used until it is refused.
    """
    assertion = SignedJWT(
        issuer=credential(client_id, "SALESFORCE_JWT_CLIENT_ID"),
        subject=credential(username, "SALESFORCE_JWT_USERNAME"),
        key=credential(private_key, "SALESFORCE_JWT_PRIVATE_KEY"),
        alg="RS256",
        # Where users of that kind of organization log in, whatever the token endpoint; `exp` within three minutes.
        audience="https://login.salesforce.com" if sandbox is None else "https://test.salesforce.com",
    )
    return JWTBearer(assertion=assertion, **_servers(my_domain, sandbox, "SALESFORCE_JWT"))


def _servers(my_domain: str | None, sandbox: str | None, prefix: str) -> dict[str, Any]:
    domain = host(my_domain, f"{prefix}_MY_DOMAIN").removesuffix(".my.salesforce.com")
    if sandbox is not None:
        domain = f"{domain}--{label(sandbox, f'{prefix}_SANDBOX')}.sandbox"
    oauth = f"https://{domain}.my.salesforce.com/services/oauth2"
    return {
        "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke",
        # The token alone is asked for there.
        "revocation_endpoint_auth_method": "none",
        "revocation_request": RequestFormat(names={"client_id": None, "token_type_hint": None}),
        "resource_server": ResourceServer(base_url_of=_instance_url, origins=(_AGENTS,)),
    }

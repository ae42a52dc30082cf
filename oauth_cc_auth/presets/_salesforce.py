"""Salesforce.

Read at https://developer.salesforce.com/docs/atlas.en-us.262.0.chatterapi.meta/chatterapi/quickstart_connecting.htm,
https://developer.salesforce.com/docs/atlas.en-us.260.0.chatterapi.meta/chatterapi/connect_error_responses.htm,
https://developer.salesforce.com/docs/atlas.en-us.mobile_sdk.meta/mobile_sdk/oauth_revoking_tokens.htm,
https://developer.salesforce.com/docs/einstein/genai/guide/agent-api-get-started.html and
https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth._token import Token
from oauth_cc_auth.presets._credentials import credential, host, label

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
    domain = host(my_domain, "SALESFORCE_MY_DOMAIN").removesuffix(".my.salesforce.com")
    if sandbox is not None:
        domain = f"{domain}--{label(sandbox, 'SALESFORCE_SANDBOX')}.sandbox"
    oauth = f"https://{domain}.my.salesforce.com/services/oauth2"
    return ClientCredentials(
        token_endpoint=f"{oauth}/token",
        client_id=credential(client_id, "SALESFORCE_CLIENT_ID"),
        client_secret=credential(client_secret, "SALESFORCE_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        revocation_endpoint=f"{oauth}/revoke",
        # The token alone is asked for there.
        revocation_endpoint_auth_method="none",
        revocation_request=RequestFormat(names={"client_id": None, "token_type_hint": None}),
        resource_server=ResourceServer(base_url_of=_instance_url, origins=(_AGENTS,)),
    )

"""LINE, the Messaging API.

Read at https://github.com/line/line-openapi and https://developers.line.biz/en/docs/basics/channel-access-token/.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# line-openapi, channel-access-token.yml and messaging-api.yml; the second host has what users sent.
_BASE_URL = "https://api.line.me"
_CONTENT = "https://api-data.line.me"
_SERVER = ResourceServer(_BASE_URL, origins=(_CONTENT,), errors=ErrorFormat(code=(), message="message"))

# POST /v2/oauth/revoke wants the token alone, under another name than RFC 7009's.
_REVOCATION = RequestFormat(names={"token": "access_token", "token_type_hint": None, "client_id": None})


def line(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for LINE's Messaging API at https://api.line.me with stateless channel access tokens.

    Channel id and channel secret from the arguments, or from LINE_CLIENT_ID and LINE_CLIENT_SECRET. Tokens live 15
    minutes. There may be any number of them, and none can be revoked.
    """
    return ClientCredentials(
        token_endpoint=f"{_BASE_URL}/oauth2/v3/token",
        client_id=credential(client_id, "LINE_CLIENT_ID"),
        client_secret=credential(client_secret, "LINE_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        resource_server=_SERVER,
    )


def line_short_lived(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for LINE's Messaging API at https://api.line.me with short-lived channel access tokens.

    Channel id and channel secret from the arguments, or from LINE_CLIENT_ID and LINE_CLIENT_SECRET. Tokens live 30 days
    and can be revoked. How many a channel has at a time is limited, so that processes should share a store; `line`
    knows no such limit.
    """
    return ClientCredentials(
        token_endpoint=f"{_BASE_URL}/v2/oauth/accessToken",
        client_id=credential(client_id, "LINE_CLIENT_ID"),
        client_secret=credential(client_secret, "LINE_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        revocation_endpoint=f"{_BASE_URL}/v2/oauth/revoke",
        revocation_endpoint_auth_method="none",
        revocation_request=_REVOCATION,
        resource_server=_SERVER,
    )

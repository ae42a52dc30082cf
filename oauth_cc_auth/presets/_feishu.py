"""Feishu, the office suite in China; Lark is the same elsewhere.

Read at
https://open.larkoffice.com/document/server-docs/authentication-management/access-token/tenant_access_token_internal and
https://github.com/larksuite/oapi-sdk-go.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ApiError, ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# github.com/larksuite/oapi-sdk-go, client.go
_FEISHU, _LARK = "https://open.feishu.cn/open-apis", "https://open.larksuite.com/open-apis"

# A code that is not 0 is an error, whatever the status.
_ERRORS = ErrorFormat(code="code", message="msg")

# github.com/larksuite/oapi-sdk-go, core/constants.go: those that make the vendor's own library renew.
_TOKEN_INVALID = frozenset({"99991663", "99991664", "99991671"})


def _token_refused(error: ApiError) -> bool:
    return error.status == 401 or error.code in _TOKEN_INVALID


def feishu(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Feishu's API at https://open.feishu.cn/open-apis, as an app of its own tenant.

    App id and secret from the arguments, or from FEISHU_CLIENT_ID and FEISHU_CLIENT_SECRET. Tokens live at most two
    hours; one with half an hour left or more is returned again. `feishu_lark` is for Lark.
    """
    return _grant(_FEISHU, credential(client_id, "FEISHU_CLIENT_ID"), credential(client_secret, "FEISHU_CLIENT_SECRET"))


def feishu_lark(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Lark's API at https://open.larksuite.com/open-apis, as an app of its own tenant.

    App id and secret from the arguments, or from FEISHU_LARK_CLIENT_ID and FEISHU_LARK_CLIENT_SECRET. All else is as it
    is with Feishu.
    """
    return _grant(
        _LARK, credential(client_id, "FEISHU_LARK_CLIENT_ID"), credential(client_secret, "FEISHU_LARK_CLIENT_SECRET")
    )


def _grant(base_url: str, app_id: str, app_secret: Secret) -> ClientCredentials:
    return ClientCredentials(
        token_endpoint=f"{base_url}/auth/v3/tenant_access_token/internal",
        client_id=app_id,
        client_secret=app_secret,
        token_endpoint_auth_method="client_secret_json",
        grant_type=None,
        token_request=RequestFormat(names={"client_id": "app_id", "client_secret": "app_secret"}),
        token_response=ResponseFormat(access_token="tenant_access_token", expires_in="expire", errors=_ERRORS),
        # With which status an invalid token is refused is not stated. Answers with 200 are not looked into: every body
        # would have to be read for it.
        resource_server=ResourceServer(base_url, renew_on={400, 401}, renew_if=_token_refused, errors=_ERRORS),
    )

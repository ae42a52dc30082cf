"""Marketo Engage, Adobe's marketing automation.

Read at https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/authentication,
https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/error-codes,
https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/base-url and
https://github.com/AdobeDocs/marketo-developer.en.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ApiError, ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, label

# The pages on authentication and error codes: errors come with 200, and these two say that the token is no good.
_ERRORS = ErrorFormat(code="errors.0.code", message="errors.0.message", request_id="requestId")
_INVALID, _EXPIRED = "601", "602"


def _is_about_the_token(error: ApiError) -> bool:
    return error.status == 401 or error.code in {_INVALID, _EXPIRED}


def marketo(
    client_id: str | None = None, client_secret: Secret | None = None, *, munchkin_id: str | None = None
) -> ClientCredentials:
    """Return the grant for Marketo's API at https://MUNCHKIN_ID.mktorest.com.

    Credentials from the arguments, or from MARKETO_CLIENT_ID and MARKETO_CLIENT_SECRET; they stand in the token
    request's query, because Marketo reads them nowhere else. `munchkin_id`, or MARKETO_MUNCHKIN_ID, is the account's,
    as ``123-ABC-456``. Tokens live an hour; a second request returns the same one with what is left of its life. Errors
    are 200 with a code: 601 and 602 renew, 603 is a missing permission. To see them the body of each answer is read.
    """
    base_url = f"https://{label(munchkin_id, 'MARKETO_MUNCHKIN_ID')}.mktorest.com"
    return ClientCredentials(
        token_endpoint=f"{base_url}/identity/oauth/token",
        client_id=credential(client_id, "MARKETO_CLIENT_ID"),
        client_secret=credential(client_secret, "MARKETO_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        token_request=RequestFormat("GET"),
        resource_server=ResourceServer(base_url, renew_on={200, 401}, renew_if=_is_about_the_token, errors=_ERRORS),
    )

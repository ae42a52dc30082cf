"""Moov, money movement.

Read at https://docs.moov.io/api/authentication/access-tokens/create/,
https://docs.moov.io/api/authentication/access-tokens/revoke and https://github.com/moovfinancial/moov-python.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# https://docs.moov.io/api/authentication/access-tokens/create/
_BASE_URL = "https://api.moov.io"
_TOKEN_ENDPOINT = "https://api.moov.io/oauth2/token"
_REVOCATION_ENDPOINT = "https://api.moov.io/oauth2/revoke"
_AS_JSON = RequestFormat(body="json")

# docs/models/components/authtoken.md of github.com/moovfinancial/moov-python: expires_in is the Unix time at which the
# token ends, whatever its name says. No answer has seconds.
_TOKEN = ResponseFormat(expires_in=None, expires_at="expires_in")

# docs/models/errors/genericerror.md there: one text.
_ERRORS = ErrorFormat(code=(), message="error")


def moov(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    version: str | None = None,
) -> ClientCredentials:
    """Return the grant for Moov's API at https://api.moov.io.

    Credentials from the arguments, or from MOOV_CLIENT_ID (the public key) and MOOV_CLIENT_SECRET (the secret key).
    A `scope` is required, such as ``/accounts.read``. `version` of the API, such as "v2026.07.00", goes with token and
    API requests; without one Moov takes the oldest, v2024.01.00. The parameters are sent as JSON.
    """
    headers = {} if version is None else {"X-Moov-Version": version}
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "MOOV_CLIENT_ID"),
        client_secret=credential(client_secret, "MOOV_CLIENT_SECRET"),
        scope=scope,
        headers=headers,
        token_request=_AS_JSON,
        token_response=_TOKEN,
        revocation_endpoint=_REVOCATION_ENDPOINT,
        revocation_request=_AS_JSON,
        resource_server=ResourceServer(_BASE_URL, headers=headers, errors=_ERRORS),
    )

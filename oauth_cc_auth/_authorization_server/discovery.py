"""The authorization server's metadata, which names its endpoints (RFC 8414)."""

from __future__ import annotations

from dataclasses import replace

from oauth_cc_auth._authorization_server.answer import document
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._http.json_path import member, string_or_none
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.retry_after import retry_after
from oauth_cc_auth.errors import (
    ConfigurationError,
    InsecureTransport,
    InvalidTokenResponse,
    TokenEndpointUnavailable,
)


def metadata_request(url: str) -> HttpRequest:
    """Return the request for the server's metadata (RFC 8414 §3.1), which needs no secret."""
    return HttpRequest(
        url, {"Accept": "application/json", "Accept-Encoding": "identity", "Cache-Control": "no-store"}, b"", "GET"
    )


def read_metadata(grant: TokenEndpointGrant, answer: HttpResponse) -> TokenEndpointGrant:
    """Return the grant with the token endpoint that the server's metadata names (RFC 8414 §2).

    Its `issuer` is not compared: SMART names that of another server. Raises TokenRequestError.
    """
    if answer.status == 429 or answer.status >= 500:
        message = f"The server's metadata could not be had (HTTP {answer.status})."
        seconds = retry_after(answer.headers, grant.token_response.errors.seconds)
        raise TokenEndpointUnavailable(status_code=answer.status, retry_after=seconds, message=message)
    url = string_or_none(member(document(answer), "token_endpoint")) if answer.status == 200 else None
    try:
        return replace(grant, token_endpoint=url or "")
    except (ConfigurationError, InsecureTransport):
        message = (
            f"The answer (HTTP {answer.status}) is not the server's metadata: it names no token_endpoint by https."
        )
        raise InvalidTokenResponse(status_code=answer.status, message=message) from None

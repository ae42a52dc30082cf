"""What is asked of the authorization server, without I/O: token, revocation and authorization requests.

authlib's protocol client builds bodies and authenticates the client. It sends nothing here: where it would, it hands
the request out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from oauth_cc_auth._authorization_server.federation import Assertions
from oauth_cc_auth._authorization_server.proof import authenticate
from oauth_cc_auth._frozen import replace
from oauth_cc_auth._grant.client_authentication import JSON_METHOD, ClientAuthMethod
from oauth_cc_auth._grant.parameters import AUTHORIZATION_DETAILS
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._http.headers import written
from oauth_cc_auth._http.messages import HttpRequest
from oauth_cc_auth._threads import unforked
from oauth_cc_auth._token import Token

# What authlib is told of the grant type, and what is left out again: it would guess one where there is none.
_ANY = "urn:oauth-cc-auth:any"


def token_request(
    grant: TokenEndpointGrant,
    secret: str | None,
    parameters: list[tuple[str, str]],
    assertions: Assertions | None = None,
) -> HttpRequest:
    """Return the request that asks for a token with these parameters (RFC 6749 §4.1.3, §4.4.2, §6).

    What the grant's sources say now stands in it too, read through `assertions`. Raises an OAuthError where one of them
    has nothing to say.
    """
    assertions = _asked(assertions, grant)
    parameters = [*parameters, *assertions.parameters()]
    # All of it goes through `body`: authlib's keyword arguments drop empty and repeated values, share their namespace
    # with those of its method, and it has its own ideas of what each grant type needs.
    with _client(grant, secret, grant.token_endpoint_auth_method, assertions) as client:
        request: HttpRequest = client.fetch_token(
            grant.token_endpoint, body=urlencode(parameters), grant_type=_ANY, headers=_headers(grant)
        )
    return _as_written(grant, request, grant.token_request, grant.token_endpoint_auth_method)


def revocation_request(
    grant: TokenEndpointGrant, secret: str | None, token: Token, assertions: Assertions | None = None
) -> HttpRequest:
    """Return the request that revokes a token, the refresh token where there is one (RFC 7009 §2.1)."""
    hint = "refresh_token" if token.refresh_token else "access_token"
    method = grant.revocation_endpoint_auth_method or grant.token_endpoint_auth_method
    assertions = _asked(assertions, grant)
    with _client(grant, secret, method, assertions) as client:
        request: HttpRequest = client.revoke_token(
            grant.revocation_endpoint,
            token=token.refresh_token or token.access_token,
            token_type_hint=hint,
            headers=_headers(grant),
        )
    return _as_written(grant, request, grant.revocation_request, method)


def introspection_request(
    grant: TokenEndpointGrant, secret: str | None, token: Token, assertions: Assertions | None = None
) -> HttpRequest:
    """Return the request that asks the server about a token (RFC 7662 §2.1)."""
    assertions = _asked(assertions, grant)
    with _client(grant, secret, grant.token_endpoint_auth_method, assertions) as client:
        request: HttpRequest = client.introspect_token(
            grant.introspection_endpoint,
            token=token.access_token,
            token_type_hint="access_token",
            headers=_headers(grant),
        )
    return _as_written(grant, request, grant.token_request, grant.token_endpoint_auth_method)


def authorization_url(
    grant: TokenEndpointGrant, endpoint: str, state: str, code_verifier: str, parameters: Mapping[str, str | None]
) -> str:
    """Return the address of the authorization request (RFC 6749 §4.1.1) with an S256 challenge (RFC 7636 §4.2)."""
    asked = [(name, value) for name, value in grant.common_parameters() if name == "resource"]  # RFC 8707 §2.1
    with _client(grant, None, "none") as client:
        client.code_challenge_method = "S256"
        url, _ = client.create_authorization_url(
            endpoint,
            state=state,
            code_verifier=code_verifier,
            scope=grant.scope and grant.token_request.scope_separator.join(str(grant.scope).split()),
            resource=[value for _, value in asked],
            **parameters,
        )
    return str(url)


def _asked(assertions: Assertions | None, grant: TokenEndpointGrant) -> Assertions:
    """Return what reads the grant's sources, told for whom."""
    assertions = assertions or Assertions(grant)
    assertions.audience = _server(grant)
    return assertions


def _server(grant: TokenEndpointGrant) -> tuple[str, str]:
    """Return by what an assertion may name the server: its issuer where that is known, and its token endpoint."""
    return grant.issuer or "", str(grant.token_endpoint)


@contextmanager
def _client(
    grant: TokenEndpointGrant, secret: str | None, method: ClientAuthMethod | None, assertions: Assertions | None = None
) -> Iterator[Any]:
    with unforked():
        client = _request_builder()(None, grant.client_id or "", secret)
    try:
        with unforked():
            authenticate(client, method or "client_secret_basic", _server(grant), assertions)
        yield client
    finally:
        # The client and its TokenAuth refer to each other; the secret must not wait in there for the garbage collector.
        client.token_auth.client = client.client_secret = None


@cache
def _request_builder() -> type[Any]:
    from authlib.oauth2.client import OAuth2Client  # noqa: PLC0415 - 60 ms, once, off the caller's way

    class RequestBuilder(OAuth2Client):
        """authlib's client, which hands its requests out instead of sending them."""

        def _fetch_token(self, url: str, body: str, headers: Any, auth: Any, method: str) -> HttpRequest:  # type: ignore[override]  # only what our calls pass
            url, headers, body = auth.prepare(method, url, headers, body)
            return HttpRequest(url, headers, body.encode())

        def _http_post(self, url: str, body: str, auth: Any, headers: Any) -> HttpRequest:  # type: ignore[override]  # as above
            return self._fetch_token(url, body, headers, auth, "POST")

    return RequestBuilder


def _as_written(
    grant: TokenEndpointGrant, request: HttpRequest, form: RequestFormat, method: ClientAuthMethod | None
) -> HttpRequest:
    """Rewrite a request by the letter of the RFC as the vendor wants it."""
    if method == JSON_METHOD:
        form = replace(form, body="json")
    parameters = parse_qsl(request.body.decode(), keep_blank_values=True)
    unsent = {("grant_type", _ANY)} if grant.client_id else {("grant_type", _ANY), ("client_id", "")}
    query, body = form.placed(pair for pair in parameters if pair not in unsent)
    url, headers = request.url, dict(request.headers)
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query)
    if form.body == "json":
        _replace_header(headers, "Content-Type", "application/json")
        return HttpRequest(url, headers, json.dumps(_members(body)).encode(), form.method)
    if form.body is None:
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return HttpRequest(url, headers, urlencode(body).encode(), form.method)


def _members(parameters: list[tuple[str, str]]) -> dict[str, Any]:
    # A parameter that occurs several times becomes a list.
    names = dict.fromkeys(name for name, _ in parameters)
    values = {name: [value for other, value in parameters if other == name] for name in names}
    if AUTHORIZATION_DETAILS in values:  # an array there (RFC 9396 §2), not its text
        values[AUTHORIZATION_DETAILS] = [json.loads(values[AUTHORIZATION_DETAILS][0])]
    return {name: several if len(several) > 1 else several[0] for name, several in values.items()}


def _replace_header(headers: dict[str, str], name: str, value: str) -> None:
    for known in [known for known in headers if known.lower() == name.lower()]:
        del headers[known]
    headers[name] = value


def _headers(grant: TokenEndpointGrant) -> dict[str, str]:
    own = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Cache-Control": "no-store",  # a cache that takes part in POST, as requests-cache may, would answer a renewal
        "Content-Type": "application/x-www-form-urlencoded",
    }
    named = {name.lower() for name in grant.headers}
    return {**{name: value for name, value in own.items() if name.lower() not in named}, **written(grant.headers)}

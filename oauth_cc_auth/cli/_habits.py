"""What a grant says, in words for the table of presets: how its client proves itself, and what is odd about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeGuard

from oauth_cc_auth import (
    AuthorizationCode,
    ClientAssertion,
    ClientCredentials,
    Discovery,
    JWTBearer,
    PrivateKeyJWT,
    RequestFormat,
    SignedJWT,
    StaticToken,
    TokenExchange,
)

if TYPE_CHECKING:
    from oauth_cc_auth._grant.grant import Grant


def asking(grant: Grant) -> tuple[str, str]:
    """Return where a grant's tokens are requested, and how the client proves itself there."""
    if isinstance(grant, StaticToken):
        return "", "a token made by hand"
    endpoint, method = grant.token_endpoint, grant.token_endpoint_auth_method
    name = _assertion_of(grant) if method == "none" and _is_by_assertion(grant) else _name_of(method)
    return f"named by {endpoint}" if isinstance(endpoint, Discovery) else endpoint, name


def _is_by_assertion(grant: Grant) -> TypeGuard[JWTBearer | TokenExchange]:
    return isinstance(grant, (JWTBearer, TokenExchange))


def _assertion_of(grant: JWTBearer | TokenExchange) -> str:
    source = grant.assertion if isinstance(grant, JWTBearer) else grant.subject_token
    return "an assertion that it signs" if isinstance(source, SignedJWT) else "a token of its platform"


def _name_of(method: object) -> str:
    if isinstance(method, PrivateKeyJWT):
        return "private_key_jwt"
    if isinstance(method, ClientAssertion):
        return "an assertion of others"
    return method if isinstance(method, str) else "headers of its own"


def habits(grant: Grant) -> Iterator[str]:
    """Return what is worth knowing of a grant, one fact each: where it is not as RFC 6749 and RFC 6750 have it."""
    if isinstance(grant, StaticToken):
        return
    if isinstance(grant, AuthorizationCode):
        yield "a user logs in"
    elif isinstance(grant, ClientCredentials) and grant.grant_type != "client_credentials":
        yield f"grant_type is {grant.grant_type}" if grant.grant_type else "no grant_type is sent"
    elif _is_by_assertion(grant):
        yield "the JWT bearer grant of RFC 7523" if isinstance(grant, JWTBearer) else "the token exchange of RFC 8693"
    yield from _habits_of_the_request(grant.token_request)
    if grant.issuance_limit:
        yield f"at most {grant.issuance_limit.count:,} tokens in {_span(grant.issuance_limit.seconds)}"
    if grant.revocation_endpoint:
        yield "tokens can be revoked"
    yield from _habits_of_the_api(grant)


def _habits_of_the_request(form: RequestFormat) -> Iterator[str]:
    if form.method == "GET":
        yield "the token request is a GET"
    elif form.body != "form":
        yield "the token request is JSON" if form.body else "all parameters stand in the query"
    if form.query:
        yield f"{', '.join(form.query)} in the query"
    yield from (f"{name} is called {other}" for name, other in form.names.items() if other)
    if form.scope_separator != " ":
        yield f"scopes are joined by {form.scope_separator!r}"


def _span(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:.0f} hours" if hours > 1 and hours.is_integer() else f"{seconds:,.0f} s"


def _habits_of_the_api(grant: Grant) -> Iterator[str]:
    server = grant.resource_server
    if server is None:
        return
    if server.header != "Authorization" or not server.scheme:
        yield f"the token stands in the header {server.header}" + ("" if server.scheme else ", alone")
    if server.scheme not in {"Bearer", None}:
        yield f"the word before the token is {server.scheme}"
    if server.prefix:
        yield f"{server.prefix} stands before the token"
    if server.renew_on != {401}:
        yield f"a token may be refused with {' or '.join(map(str, sorted(server.renew_on)))}"
    yield from (f"each API call has the header {name}" for name in server.headers)

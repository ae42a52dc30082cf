"""django-oauth-toolkit: hashed secrets, a token endpoint that ends in a slash, and challenges of RFC 9728."""

from __future__ import annotations

import django_toolkit
import doors
import pytest
from django_toolkit import DjangoToolkit
from doors import Door
from processes import ODD_SECRET

from oauth_cc_auth import InvalidClient, InvalidScope, InvalidTokenResponse, TokenSource

door, toolkit, running_toolkit = doors.door, django_toolkit.toolkit, django_toolkit.running_toolkit


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_token_that_is_renewed_once_revoked(door: Door, toolkit: DjangoToolkit, method: str) -> None:
    """A client whose id and secret hold every odd character gets a token, and another once that one is revoked."""
    source = TokenSource(toolkit.grant(token_endpoint_auth_method=method))
    auth = door.auth(source)
    assert door.call("GET", f"{toolkit.api}/x", auth).json() == {"method": "GET"}
    first = source.token().access_token
    toolkit.revoke(first)
    answer = door.call("POST", f"{toolkit.api}/x", auth, content=b"a body")
    assert (answer.status_code, answer.json()) == (200, {"method": "POST"})
    assert source.token().access_token != first


def test_revoke(door: Door, toolkit: DjangoToolkit) -> None:
    """`revoke()` ends the token at the server, whose API refuses it from then on."""
    source = TokenSource(toolkit.grant())
    headers = source.headers("GET", f"{toolkit.api}/x")
    assert door.call("GET", f"{toolkit.api}/x", headers=headers).status_code == 200
    source.revoke()
    assert door.call("GET", f"{toolkit.api}/x", headers=headers).status_code == 401


def test_too_small_a_scope(door: Door, toolkit: DjangoToolkit) -> None:
    """A token that lacks the scope is answered 403 insufficient_scope, which is handed to the caller at once."""
    source = TokenSource(toolkit.grant(scope="write"))
    first = source.token().access_token
    answer = door.call("GET", f"{toolkit.api}/x", door.auth(source))
    assert (answer.status_code, source.grant.api_error(answer).code) == (403, "insufficient_scope")
    assert source.token().access_token == first


def test_a_scope_that_there_is_not(toolkit: DjangoToolkit) -> None:
    """A scope that the server does not know is InvalidScope."""
    with pytest.raises(InvalidScope):
        TokenSource(toolkit.grant(scope="everything")).token()


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_wrong_secret(door: Door, toolkit: DjangoToolkit, method: str) -> None:
    """A wrong secret is InvalidClient, and is quoted nowhere; the server itself never kept the right one."""
    grant = toolkit.grant(client_secret=ODD_SECRET[:-1], token_endpoint_auth_method=method)
    with pytest.raises(InvalidClient) as caught:
        door.call("GET", f"{toolkit.api}/x", door.auth(grant))
    assert isinstance(caught.value, door.error)
    assert ODD_SECRET[:-1] not in str(caught.value)


def test_basic_without_encoding(toolkit: DjangoToolkit) -> None:
    """This server decodes Basic as RFC 6749 §2.3.1 says, so that a client who does not encode is refused."""
    with pytest.raises(InvalidClient):
        TokenSource(toolkit.grant(token_endpoint_auth_method="client_secret_basic_raw")).token()


def test_without_the_slash(toolkit: DjangoToolkit) -> None:
    """The address of the token endpoint is used as it is: without its slash, this server answers a page, no token."""
    with pytest.raises(InvalidTokenResponse, match="404"):
        TokenSource(toolkit.grant(token_endpoint=f"{toolkit.issuer}/o/token")).token()

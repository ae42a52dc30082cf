"""authlib's own server: secrets beyond ASCII, assertions for the token endpoint, tokens of three seconds."""

from __future__ import annotations

import time

import authlib_server as played
import doors
import pytest
from authlib_server import LIFE, AuthlibServer
from doors import Door
from oidc_provider import signing_key
from processes import ODD_SECRET

from oauth_cc_auth import InvalidClient, InvalidScope, TokenSource

door, authlib_server, running_authlib = doors.door, played.authlib_server, played.running_authlib


@pytest.mark.parametrize("name", ["basic:ü", "post", "signing"])
def test_every_method_gets_a_token(door: Door, authlib_server: AuthlibServer, name: str) -> None:
    """Each client authentication method gets a token, which `revoke()` ends at the server; then comes another."""
    source = TokenSource(authlib_server.grant(name))
    auth = door.auth(source)
    assert door.call("GET", f"{authlib_server.api}/x", auth).json() == {"method": "GET"}
    headers = source.headers("GET", f"{authlib_server.api}/x")
    source.revoke()
    assert door.call("GET", f"{authlib_server.api}/x", headers=headers).status_code == 401
    assert door.call("POST", f"{authlib_server.api}/x", auth, content=b"a body").json() == {"method": "POST"}


def test_an_assertion_for_the_token_endpoint(authlib_server: AuthlibServer) -> None:
    """Where no issuer is known, the assertion is for the token endpoint, as RFC 7523 has it, to revoke a token too."""
    source = TokenSource(authlib_server.grant("signing", issuer=None))
    headers = source.headers("GET", f"{authlib_server.api}/x")
    source.revoke()
    with doors.open_door(doors.KINDS[0]) as door:
        assert door.call("GET", f"{authlib_server.api}/x", headers=headers).status_code == 401


def test_a_revoked_token_is_renewed(door: Door, authlib_server: AuthlibServer) -> None:
    """Revoked at the server's own endpoint, the next call answers 200 after one renewal."""
    source = TokenSource(authlib_server.grant("post"))
    auth = door.auth(source)
    door.call("GET", f"{authlib_server.api}/x", auth)
    first = source.token().access_token
    authlib_server.revoke(first)
    assert door.call("POST", f"{authlib_server.api}/x", auth, content=b"a body").status_code == 200
    assert source.token().access_token != first


def test_short_lives(authlib_server: AuthlibServer) -> None:
    """Tokens of three seconds are renewed before they are refused: over two lives no call sees a 401."""
    source = TokenSource(authlib_server.grant("post"))
    over, seen = time.monotonic() + 2 * LIFE, set()
    with doors.open_door(doors.KINDS[0]) as door:
        while time.monotonic() < over:
            answer = door.call("GET", f"{authlib_server.api}/x", door.auth(source))
            assert (answer.status_code, answer.history) == (200, [])
            seen.add(source.token().access_token)
            time.sleep(0.05)
    assert 3 <= len(seen) <= 4


def test_a_wrong_key(authlib_server: AuthlibServer) -> None:
    """An assertion that another key has signed is InvalidClient."""
    with pytest.raises(InvalidClient):
        TokenSource(authlib_server.grant("signing", client_secret=signing_key("ES256"))).token()


def test_a_wrong_secret(door: Door, authlib_server: AuthlibServer) -> None:
    """A wrong secret is InvalidClient, and is quoted nowhere."""
    wrong = ODD_SECRET[:-1]
    with pytest.raises(InvalidClient) as caught:
        door.call("GET", f"{authlib_server.api}/x", door.auth(authlib_server.grant("post", client_secret=wrong)))
    assert isinstance(caught.value, door.error)
    assert wrong not in str(caught.value)


def test_basic_with_a_space(authlib_server: AuthlibServer) -> None:
    """RFC 6749 §2.3.1 writes a space as +, which this server does not read: such a secret goes into the body."""
    with pytest.raises(InvalidClient):
        TokenSource(authlib_server.grant("spaced")).token()
    assert " " in authlib_server.secrets["post"]
    assert TokenSource(authlib_server.grant("post")).token().access_token


def test_a_scope_that_there_is_not(authlib_server: AuthlibServer) -> None:
    """A scope that the server does not know is InvalidScope."""
    with pytest.raises(InvalidScope):
        TokenSource(authlib_server.grant("post", scope="everything")).token()

"""Debian's glewlwyd: Basic without decoding, assertions for the endpoint, signed tokens that can be revoked."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode

import doors
import glewlwyd as played
import pytest
from doors import Door, LoopbackServer, Reply
from glewlwyd import Glewlwyd
from oidc_provider import ALGORITHMS, signing_key
from processes import ODD_SECRET

from oauth_cc_auth import DPoP, OAuthError, PrivateKeyJWT, TokenSource
from oauth_cc_auth._resource_server.dpop import thumbprint_of

door, glewlwyd, running_glewlwyd, api = doors.door, played.glewlwyd, played.running_glewlwyd, played.api

METHODS = ("basic", "post", "secret-jwt", *(f"jwt-{alg}" for alg in ALGORITHMS))


@pytest.mark.parametrize("name", METHODS)
def test_a_token_that_is_renewed_once_revoked(door: Door, glewlwyd: Glewlwyd, api: LoopbackServer, name: str) -> None:
    """Each method gets a token; revoked at the server's own endpoint, the next call is 200 after one renewal."""
    source = TokenSource(glewlwyd.grant(name, api.origin))
    auth = door.auth(source)
    assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
    first = source.token().access_token
    glewlwyd.revoke(first)
    assert door.call("POST", f"{api.origin}/x", auth, content=b"a body").status_code == 200
    second = source.token().access_token
    assert [seen.token for seen in api.seen] == [first, first, second]
    assert first != second


# With an assertion besides, this version of the server fails in its own database (HTTP 500).
@doors.only(lambda kind: kind.name in {"requests", "httpx-asyncio", "aiohttp"}, doors.KINDS)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_token_that_is_bound(door: Door, glewlwyd: Glewlwyd, api: LoopbackServer, alg: str) -> None:
    """The server binds the token to the key of the first proof, by each algorithm (DPoP, without nonces)."""
    dpop = DPoP(key=signing_key(alg), alg=alg)
    api.answer = lambda _: Reply()
    assert (
        door.call("GET", f"{api.origin}/x", door.auth(glewlwyd.grant("post", api.origin, dpop=dpop))).status_code == 200
    )
    scheme, _, token = api.seen[0].headers["authorization"].partition(" ")
    header = api.seen[0].headers["dpop"].split(".")[0]
    key = json.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4)))["jwk"]
    assert (scheme, glewlwyd.introspect(token)["cnf"]) == ("DPoP", {"jkt": thumbprint_of(key)})


@pytest.mark.parametrize("name", METHODS)
def test_revoke(glewlwyd: Glewlwyd, api: LoopbackServer, name: str) -> None:
    """`revoke()` ends the token at the server."""
    source = TokenSource(glewlwyd.grant(name, api.origin))
    token = source.token().access_token
    assert glewlwyd.introspect(token)["active"]
    source.revoke()
    assert not glewlwyd.introspect(token)["active"]


def test_basic_by_the_letter(glewlwyd: Glewlwyd, api: LoopbackServer) -> None:
    """This server takes the pair as it is, so the encoding of RFC 6749 §2.3.1 fails; there is a setting."""
    with pytest.raises(OAuthError):
        TokenSource(glewlwyd.grant("basic", api.origin, token_endpoint_auth_method="client_secret_basic")).token()
    assert TokenSource(glewlwyd.grant("basic", api.origin)).token().access_token


@pytest.mark.parametrize("name", ["basic", "post"])
def test_a_wrong_secret(door: Door, glewlwyd: Glewlwyd, api: LoopbackServer, name: str) -> None:
    """This server answers a wrong secret with 403 and no word: it is an error of the tree, and quotes no secret."""
    wrong = ODD_SECRET[:-1]
    with pytest.raises(OAuthError) as caught:
        door.call("GET", f"{api.origin}/x", door.auth(glewlwyd.grant(name, api.origin, client_secret=wrong)))
    assert isinstance(caught.value, door.error)
    assert wrong not in str(caught.value)
    assert api.seen == []


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_wrong_key(glewlwyd: Glewlwyd, api: LoopbackServer, alg: str) -> None:
    """An assertion that another key has signed gets no token."""
    with pytest.raises(OAuthError):
        TokenSource(glewlwyd.grant(f"jwt-{alg}", api.origin, client_secret=signing_key(alg))).token()


def test_a_wrong_audience(glewlwyd: Glewlwyd, api: LoopbackServer) -> None:
    """An assertion for somebody else gets no token."""
    method = PrivateKeyJWT(alg="ES256", kid="jwt-ES256", audience="http://127.0.0.1:9/token")
    with pytest.raises(OAuthError):
        TokenSource(glewlwyd.grant("jwt-ES256", api.origin, token_endpoint_auth_method=method)).token()

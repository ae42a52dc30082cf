"""Tests of token endpoints that the server's metadata names (RFC 8414, OpenID Connect Discovery)."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from loopback import SECRET, TOKEN, Answer, Clock, Loopback, Received, grant_for, token_answer

from oauth_cc_auth import (
    ClientCredentials,
    ConfigurationError,
    Discovery,
    InsecureTransport,
    InvalidTokenResponse,
    OAuthError,
    TokenEndpointUnavailable,
    TokenSource,
)
from oauth_cc_auth._authorization_server.discovery import read_metadata
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._http.messages import HttpResponse
from oauth_cc_auth._http.sender import sender_for

WELL_KNOWN = "/.well-known/oauth-authorization-server"


class Server(Loopback):
    """An authorization server whose metadata is at its well-known place; `metadata` may be exchanged."""

    def __init__(self) -> None:
        """Name the token endpoint."""
        super().__init__(self.say)
        self.metadata: Any = {"issuer": self.url, "token_endpoint": f"{self.url}/real/token"}
        self.status = 200

    def say(self, received: Received) -> Answer:
        """Answer for the metadata or with a token."""
        if received.path == WELL_KNOWN:
            return Answer(self.status, self.metadata)
        return token_answer()

    def asked(self) -> list[tuple[str, str]]:
        """Return methods and paths of the requests."""
        return [(received.method, received.path) for received in self.received]


@pytest.fixture
def server() -> Iterator[Server]:
    """Run it on loopback."""
    with Server() as running:
        assert isinstance(running, Server)
        yield running


def discovering(server: Server, **changes: Any) -> ClientCredentials:
    """Return a grant whose token endpoint is found in the metadata."""
    return ClientCredentials(
        **{
            "token_endpoint": Discovery(server.url + WELL_KNOWN),
            "client_id": "client",
            "client_secret": SECRET,
            **changes,
        }
    )


@pytest.mark.parametrize("library", ["requests", "httpx", "httpx2"])
def test_metadata_first(server: Server, library: str) -> None:
    """Line 14, Databricks, SMART: metadata is asked by GET without a secret, then the endpoint that it names."""
    grant = discovering(server, headers={"X-Own": "1"})
    for _ in range(2):
        assert Exchange(grant, sender_for(None, None, library), 5.0, Clock()).fetch(None).access_token == TOKEN
    assert server.asked() == [("GET", WELL_KNOWN), ("POST", "/real/token")] * 2
    metadata, asked, *_ = server.received
    assert metadata.body == b""
    assert metadata.headers["accept"] == "application/json"
    assert not {"authorization", "content-type", "content-length", "cookie", "x-own"} & set(metadata.headers)
    assert SECRET not in str(metadata)
    assert asked.headers["authorization"].startswith("Basic ")


def test_an_endpoint_that_moves(server: Server) -> None:
    """Line 14: metadata is asked before each token request, so that an endpoint may move."""
    clock = Clock()
    source = TokenSource(discovering(server), clock=clock)
    source.token()
    server.metadata = {"token_endpoint": f"{server.url}/moved"}
    clock.now += 3601
    source.token()
    assert [path for _, path in server.asked()] == [WELL_KNOWN, "/real/token", WELL_KNOWN, "/moved"]


def test_another_origin(server: Server) -> None:
    """RFC 8414 §2: metadata may name an endpoint on another host; whoever serves it is trusted to say so."""
    with Loopback() as other:
        server.metadata = {"token_endpoint": f"{other.url}/token"}
        assert TokenSource(discovering(server)).token().access_token == TOKEN
        assert len(other.received) == 1


def test_the_audience_of_an_assertion(server: Server) -> None:
    """RFC 7523 §3: an assertion is for the endpoint that was found, not for the metadata's address."""
    grant = discovering(server, token_endpoint_auth_method="client_secret_jwt", client_secret="s" * 64)
    TokenSource(grant).token()
    (assertion,) = parse_qs(server.received[-1].body.decode())["client_assertion"]
    claims = jwt.decode(assertion, OctKey.import_key("s" * 64)).claims
    assert claims["aud"] == f"{server.url}/real/token"


@pytest.mark.parametrize(
    ("status", "body", "cls"),
    [
        (404, b"", InvalidTokenResponse),
        (404, b"<html>Not Found</html>", InvalidTokenResponse),
        (401, {"error": "invalid_client"}, InvalidTokenResponse),
        (302, b"", InvalidTokenResponse),
        (204, b"", InvalidTokenResponse),
        (200, b"<html>Welcome</html>", InvalidTokenResponse),
        (200, b"", InvalidTokenResponse),
        (200, [], InvalidTokenResponse),
        (200, {}, InvalidTokenResponse),
        (200, {"token_endpoint": None}, InvalidTokenResponse),
        (200, {"token_endpoint": 5}, InvalidTokenResponse),
        (200, {"token_endpoint": ""}, InvalidTokenResponse),
        (200, {"token_endpoint": "/token"}, InvalidTokenResponse),
        (200, {"token_endpoint": "ftp://as.example.com"}, InvalidTokenResponse),
        (200, {"token_endpoint": "http://as.example.com/token"}, InvalidTokenResponse),
        (200, {"token_endpoint": "https://user:pw@as.example.com/token"}, InvalidTokenResponse),
        (200, {"token_endpoint": "wss://as.example.com/token"}, InvalidTokenResponse),
        (500, b"", TokenEndpointUnavailable),
        (503, {"error": "busy"}, TokenEndpointUnavailable),
        (429, b"", TokenEndpointUnavailable),
    ],
)
def test_metadata_that_names_no_endpoint(server: Server, status: int, body: Any, cls: type[OAuthError]) -> None:
    """Line 14: whatever stands at the metadata's address, no secret is sent, and the error says what it is about."""
    server.status, server.metadata = status, body
    with pytest.raises(OAuthError, match="metadata") as caught:
        TokenSource(discovering(server), timeout=3.0).token()
    assert type(caught.value) is cls
    assert {path for _, path in server.asked()} == {WELL_KNOWN}
    assert SECRET not in str(caught.value)


def test_metadata_that_comes_late(server: Server) -> None:
    """Line 36: metadata is asked for again where the server was busy, as a token is."""
    server.replies = [Answer(503), server.say]
    assert TokenSource(discovering(server)).token().access_token == TOKEN
    assert [path for _, path in server.asked()] == [WELL_KNOWN, WELL_KNOWN, "/real/token"]


def test_a_pause_that_metadata_asks_for() -> None:
    """Case 25: a Retry-After of the metadata counts like one of the token endpoint."""
    answer = HttpResponse(429, {"retry-after": "30"}, b"")
    with pytest.raises(TokenEndpointUnavailable) as caught:
        read_metadata(grant_for(), answer)
    assert caught.value.retry_after == 30.0


def test_plain_http_by_its_word() -> None:
    """Case 36: an endpoint of plain http is taken only where the grant says so by name."""
    body = json.dumps({"token_endpoint": "http://as.internal/token"}).encode()
    allowed = grant_for(allow_insecure_http=True)
    assert read_metadata(allowed, HttpResponse(200, {}, body)).token_endpoint == "http://as.internal/token"
    with pytest.raises(InsecureTransport, match="token_endpoint"):
        grant_for(Discovery("http://as.internal/meta"))  # type: ignore[arg-type]  # the helper's default is a string


@pytest.mark.parametrize("url", ["", "/meta", None, 5, "ftp://x", "https://user@as.example.com/meta"])
def test_what_is_no_address_is_refused(url: Any) -> None:
    """Case 7: the metadata's address is checked at construction."""
    with pytest.raises(ConfigurationError, match="token_endpoint"):
        grant_for(Discovery(url))  # type: ignore[arg-type]  # as above


def test_it_is_a_value() -> None:
    """Discoveries compare, hash and pickle; the log names the address."""
    one = Discovery("https://as.example.com/meta")
    assert one == pickle.loads(pickle.dumps(one))
    assert hash(one) == hash(Discovery("https://as.example.com/meta"))
    assert one != Discovery("https://as.example.com/other")


def test_revocation_needs_no_metadata(server: Server) -> None:
    """Line 43: the revocation endpoint is the grant's own, and its request goes straight there."""
    source = TokenSource(discovering(server, revocation_endpoint=f"{server.url}/revoke"))
    source.token()
    source.revoke()
    assert [path for _, path in server.asked()] == [WELL_KNOWN, "/real/token", "/revoke"]


def test_errors_of_a_discovered_endpoint(server: Server) -> None:
    """Line 40: an error that a token request raised is typed as at any other endpoint."""
    server.replies = [server.say, Answer(401, {"error": "invalid_client"}), server.say]
    with pytest.raises(OAuthError, match="invalid_client"):
        TokenSource(discovering(server)).token()

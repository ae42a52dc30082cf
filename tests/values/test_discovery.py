"""Tests of token endpoints that the server's metadata names (RFC 8414, OpenID Connect Discovery)."""

from __future__ import annotations

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
    ClientSecretJWT,
    ConfigurationError,
    Discovery,
    InsecureTransport,
    InvalidTokenResponse,
    OAuthError,
    TokenEndpointUnavailable,
    TokenSource,
)
from oauth_cc_auth._authorization_server.discovery import checked
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._authorization_server.metadata import fresh_until, may_be_asked
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
        self.gone: Answer | None = None

    def say(self, received: Received) -> Answer:
        """Answer for the metadata or with a token."""
        if received.path == WELL_KNOWN:
            return Answer(self.status, self.metadata)
        if received.path == "/real/token" and self.gone is not None:
            return self.gone
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
@pytest.mark.requirement("8414-get")
def test_metadata_first(server: Server, library: str) -> None:
    """Line 14, Databricks, SMART: metadata is asked by GET without a secret, then the endpoint that it names."""
    grant = discovering(server, headers={"X-Own": "1"})
    for _ in range(2):
        assert Exchange(grant, sender_for(None, None, library), 5.0, Clock()).fetch(None).access_token == TOKEN
    assert server.asked() == [("GET", WELL_KNOWN), ("POST", "/real/token")] * 2
    metadata, asked, *_ = server.received
    assert metadata.body == b""
    assert metadata.headers["accept"] == "application/json"
    # A cache between here and there, such as requests-cache, answers neither.
    assert (metadata.headers["cache-control"], asked.headers["cache-control"]) == ("no-store", "no-store")
    assert not {"authorization", "content-type", "content-length", "cookie", "x-own"} & set(metadata.headers)
    assert SECRET not in str(metadata)
    assert asked.headers["authorization"].startswith("Basic ")


def test_metadata_is_remembered(server: Server) -> None:
    """The document is fetched once, and again when a day is over, by the source's clock."""
    clock = Clock()
    source = TokenSource(discovering(server), clock=clock)
    for _ in range(3):
        source.token()
        source.forget()
    assert [path for _, path in server.asked()] == [WELL_KNOWN, *["/real/token"] * 3]
    clock.now += 86_400
    source.token()
    assert [path for _, path in server.asked()][4:] == [WELL_KNOWN, "/real/token"]


def test_how_long_a_document_is_kept() -> None:
    """RFC 9111 §4.2: as long as the server says, within five minutes and a day; a day where it says nothing."""
    cases: list[tuple[dict[str, str], int]] = [
        ({}, 86_400),
        ({"Cache-Control": "max-age=3600"}, 3600),
        ({"Cache-Control": 'public, Max-Age="3600"'}, 3600),
        ({"Cache-Control": "max-age=3600", "Age": "600"}, 3000),
        ({"Cache-Control": "max-age=1"}, 300),
        ({"Cache-Control": "max-age=0"}, 300),
        ({"Cache-Control": "max-age=soon"}, 300),
        ({"Cache-Control": "no-store"}, 300),
        ({"Cache-Control": "no-cache, max-age=3600"}, 300),
        ({"Cache-Control": "max-age=999999999"}, 86_400),
        ({"Cache-Control": "private"}, 86_400),
        ({"Date": "Mon, 30 Nov 2026 20:00:00 GMT", "Expires": "Mon, 30 Nov 2026 21:00:00 GMT"}, 3600),
        ({"Expires": "0"}, 300),
    ]
    for headers, seconds in cases:
        lowered = {name.lower(): value for name, value in headers.items()}
        assert fresh_until(HttpResponse(200, lowered, b""), 1000.0) == 1000.0 + seconds


def test_a_clock_that_was_set_back(server: Server) -> None:
    """Case 28: a document from the future is fetched again."""
    clock = Clock()
    source = TokenSource(discovering(server), clock=clock)
    source.token()
    clock.now -= 10_000
    source.forget()
    source.token()
    assert [path for _, path in server.asked()] == [WELL_KNOWN, "/real/token"] * 2


@pytest.mark.parametrize("gone", [Answer(404), Answer(500), Answer(200, b"<html>")])
def test_an_endpoint_that_moves(server: Server, gone: Answer) -> None:
    """A remembered endpoint that fails has the document fetched again, and the call succeeds at the new place."""
    source = TokenSource(discovering(server), timeout=1.0)
    source.token()
    source.forget()
    server.gone, server.metadata = gone, {**server.metadata, "token_endpoint": f"{server.url}/moved"}
    assert source.token().access_token == TOKEN
    asked = [path for _, path in server.asked()]
    assert asked[:3] == [WELL_KNOWN, "/real/token", "/real/token"]
    assert asked[-2:] == [WELL_KNOWN, "/moved"]
    source.forget()
    source.token()
    assert server.asked()[-1] == ("POST", "/moved")


@pytest.mark.parametrize("metadata", ["same", "gone"])
def test_an_endpoint_that_fails_and_has_not_moved(server: Server, metadata: str) -> None:
    """Where the document says what it said, or is gone too, the failure of the endpoint is what the caller gets."""
    source = TokenSource(discovering(server))
    source.token()
    source.forget()
    server.gone = Answer(404)
    if metadata == "gone":
        server.status = 404
    with pytest.raises(InvalidTokenResponse, match="token endpoint's answer"):
        source.token()
    assert [path for _, path in server.asked()] == [WELL_KNOWN, "/real/token", "/real/token", WELL_KNOWN]


def test_a_server_that_wants_to_be_left_alone(server: Server) -> None:
    """Case 25: after a Retry-After nothing is fetched again."""
    source = TokenSource(discovering(server))
    source.token()
    source.forget()
    server.gone = Answer(503, b"", {"Retry-After": "3600"})
    with pytest.raises(TokenEndpointUnavailable):
        source.token()
    assert [path for _, path in server.asked()] == [WELL_KNOWN, "/real/token", "/real/token"]


def test_another_origin(server: Server) -> None:
    """RFC 8414 §2: metadata may name an endpoint on another host; whoever serves it is trusted to say so."""
    with Loopback() as other:
        server.metadata = {"token_endpoint": f"{other.url}/token"}
        assert TokenSource(discovering(server)).token().access_token == TOKEN
        assert len(other.received) == 1


@pytest.mark.parametrize("vouched", [True, False])
def test_the_audience_of_an_assertion(server: Server, vouched: bool) -> None:
    """rfc7523bis §4: the issuer, where the address of the document is the issuer's own; else the endpoint found."""
    if not vouched:
        server.metadata["issuer"] = "https://another.example.com"
    grant = discovering(server, token_endpoint_auth_method="client_secret_jwt", client_secret="s" * 64)
    TokenSource(grant).token()
    (assertion,) = parse_qs(server.received[-1].body.decode())["client_assertion"]
    claims = jwt.decode(assertion, OctKey.import_key("s" * 64)).claims
    assert claims["aud"] == (server.url if vouched else f"{server.url}/real/token")


def test_an_issuer_that_is_expected(server: Server) -> None:
    """RFC 8414 §3.3: where the grant names the issuer, the document at any address has to name this very one."""
    grant = discovering(server, issuer=f"{server.url}/")
    with pytest.raises(InvalidTokenResponse) as caught:
        TokenSource(grant).token()
    assert f"'{server.url}'" in str(caught.value)
    assert f"'{server.url}/'" in str(caught.value)
    assert TokenSource(discovering(server, issuer=server.url)).token().access_token == TOKEN


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
        checked(answer, 1.0)
    assert caught.value.retry_after == 30.0


@pytest.mark.requirement("6749-tls", "7009-https")
def test_plain_http_by_its_word() -> None:
    """Case 36: an endpoint of plain http is taken only where the grant says so by name, or both are on loopback."""
    assert may_be_asked("https://a.example", "https://b.example", allow_insecure_http=False)
    assert may_be_asked("http://127.0.0.1:1/t", "http://localhost/m", allow_insecure_http=False)
    assert may_be_asked("http://as.internal/t", "https://b.example", allow_insecure_http=True)
    assert not may_be_asked("http://as.internal/t", "http://localhost/m", allow_insecure_http=False)
    assert not may_be_asked("http://127.0.0.1/t", "https://b.example", allow_insecure_http=False)
    assert not may_be_asked("/t", "https://b.example", allow_insecure_http=True)
    with pytest.raises(InsecureTransport, match="token_endpoint"):
        grant_for(Discovery("http://as.internal/meta"))  # type: ignore[arg-type]  # the helper's default is a string


def test_what_is_no_address_is_refused() -> None:
    """Case 7: the metadata's address is checked at construction."""
    cases: list[Any] = ["", "/meta", None, 5, "ftp://x", "https://user@as.example.com/meta"]
    for url in cases:
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
    server.replies = [server.say, token_answer(expires_in=1_000_000), Answer(200)]
    clock, by_secret = Clock(), {"token_endpoint_auth_method": "client_secret_post"}
    source = TokenSource(discovering(server, revocation_endpoint=f"{server.url}/revoke", **by_secret), clock=clock)
    source.token()
    clock.now += 86_400  # when the document is looked at again
    source.revoke()
    assert [path for _, path in server.asked()] == [WELL_KNOWN, "/real/token", "/revoke"]


@pytest.mark.parametrize("method", ["client_secret_jwt", ClientSecretJWT()])
def test_an_assertion_to_revoke_is_for_the_issuer(server: Server, method: str | ClientSecretJWT) -> None:
    """rfc7523bis §4: who signs has to know the issuer, so that its metadata is asked for before a revocation too."""
    changes = {"token_endpoint_auth_method": method, "client_secret": "s" * 64}
    source = TokenSource(discovering(server, revocation_endpoint=f"{server.url}/revoke", **changes))
    source.token()
    source.revoke()
    assert [path for _, path in server.asked()] == [WELL_KNOWN, "/real/token", "/revoke"]
    (assertion,) = parse_qs(server.received[-1].body.decode())["client_assertion"]
    assert jwt.decode(assertion, OctKey.import_key("s" * 64)).claims["aud"] == server.url


def test_errors_of_a_discovered_endpoint(server: Server) -> None:
    """Line 40: an error that a token request raised is typed as at any other endpoint."""
    server.replies = [server.say, Answer(401, {"error": "invalid_client"}), server.say]
    with pytest.raises(OAuthError, match="invalid_client"):
        TokenSource(discovering(server)).token()

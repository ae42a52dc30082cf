"""Tests of discovery by identifiers: an issuer's document, and an API's, which names its authorization server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from loopback import SECRET, TOKEN, Answer, Clock, Loopback, Received, token_answer

from oauth_cc_auth import (
    ClientCredentials,
    ConfigurationError,
    Discovery,
    InsecureTransport,
    InvalidTokenResponse,
    OAuthError,
    OriginNotAllowed,
    TokenSource,
    forget_all,
)

OAUTH, OPENID = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
RESOURCE = "/.well-known/oauth-protected-resource"


class World(Loopback):
    """An authorization server and an API at one origin: a document per path; whatever else is not there."""

    def __init__(self) -> None:
        """Know no document yet."""
        super().__init__(self.say)
        self.documents: dict[str, Any] = {}
        self.challenge: str | None = None

    def say(self, received: Received) -> Answer:
        """Answer with the document, a token, or as the API does."""
        if received.path in self.documents:
            found = self.documents[received.path]
            return found if isinstance(found, Answer) else Answer(200, found)
        if received.method == "POST":
            return token_answer()
        if received.path.startswith("/api") and self.challenge:
            return Answer(401, b"", {"WWW-Authenticate": self.challenge})
        return Answer(404, {"error": "not here"})

    def metadata(self, issuer: str, **members: Any) -> dict[str, Any]:
        """Return the document of an issuer."""
        return {"issuer": issuer, "token_endpoint": f"{self.url}/token", **members}

    def paths(self) -> list[str]:
        """Return the paths that were asked, in order."""
        return [received.path for received in self.received]


@pytest.fixture
def world() -> Iterator[World]:
    """Run it on loopback; nothing is bound yet."""
    forget_all()
    with World() as running:
        assert isinstance(running, World)
        yield running


def grant_by(discovery: Discovery, **changes: Any) -> ClientCredentials:
    """Return a grant that finds its endpoint so."""
    return ClientCredentials(**{"token_endpoint": discovery, "client_id": "client", "client_secret": SECRET, **changes})


@pytest.mark.parametrize(
    ("path", "addresses"),
    [
        ("", [OAUTH, OPENID]),
        ("/", [OAUTH, OPENID]),
        ("/tenant", [f"{OAUTH}/tenant", f"{OPENID}/tenant", f"/tenant{OPENID}"]),
        ("/a/b", [f"{OAUTH}/a/b", f"{OPENID}/a/b", f"/a/b{OPENID}"]),
        ("/tenant/", [f"{OAUTH}/tenant", f"{OPENID}/tenant", f"/tenant{OPENID}"]),
    ],
)
@pytest.mark.requirement("8414-well-known")
def test_the_order_of_addresses(world: World, path: str, addresses: list[str]) -> None:
    """RFC 8414 §3.1 and §5, in the order of the MCP specification: each is asked until one is there."""
    issuer = world.url + path
    for number, address in enumerate(addresses):
        world.documents = {address: world.metadata(issuer)}
        world.received.clear()
        assert TokenSource(grant_by(Discovery(issuer=issuer), scope=str(number))).token().access_token == TOKEN
        assert world.paths() == [*addresses[: number + 1], "/token"]


def test_no_document_anywhere(world: World) -> None:
    """The error names every address that was asked, and what was there; no secret was sent."""
    with pytest.raises(InvalidTokenResponse) as caught:
        TokenSource(grant_by(Discovery(issuer=f"{world.url}/t"))).token()
    for address in (f"{OAUTH}/t", f"{OPENID}/t", f"/t{OPENID}"):
        assert f"HTTP 404 from {world.url}{address}" in str(caught.value)
    assert {received.method for received in world.received} == {"GET"}


@pytest.mark.parametrize("said", ["/", "/other", None, 5])
@pytest.mark.requirement("8414-issuer", "8414-compare")
def test_an_issuer_that_is_another(world: World, said: Any) -> None:
    """RFC 8414 §3.3: the issuer is compared character by character; both stand in the error, and no secret is sent."""
    named = world.url + said if isinstance(said, str) else said
    world.documents = {OAUTH: {**world.metadata(world.url), "issuer": named}}
    with pytest.raises(InvalidTokenResponse) as caught:
        TokenSource(grant_by(Discovery(issuer=world.url))).token()
    assert repr(world.url) in str(caught.value)
    assert repr(str(named)) in str(caught.value)
    assert {received.method for received in world.received} == {"GET"}


def test_a_first_document_that_is_wrong_ends_the_search(world: World) -> None:
    """A document of another issuer is no reason to look elsewhere: somebody speaks for another."""
    world.documents = {OAUTH: world.metadata("https://evil.example"), OPENID: world.metadata(world.url)}
    with pytest.raises(InvalidTokenResponse):
        TokenSource(grant_by(Discovery(issuer=world.url))).token()
    assert world.paths() == [OAUTH]


def challenge(url: str, **parameters: str) -> str:
    """Return the challenge of an API whose metadata is there."""
    said = {"resource_metadata": url, **parameters}
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in said.items())


@pytest.mark.requirement("9728-challenge", "9728-get", "9728-audience", "8707-most-specific")
def test_by_the_challenge_of_the_api(world: World) -> None:
    """RFC 9728 §5.1: one bare request, its challenge, the API's document, the server's, then the token for that API."""
    api, meta = f"{world.url}/api/v1", f"{world.url}/somewhere/meta"
    world.challenge = challenge(meta, scope="read write")
    world.documents = {
        "/somewhere/meta": {"resource": api, "authorization_servers": [f"{world.url}/as"]},
        f"{OAUTH}/as": world.metadata(f"{world.url}/as"),
    }
    source = TokenSource(grant_by(Discovery(resource=api)))
    assert source.token().access_token == TOKEN
    assert world.paths() == ["/api/v1", "/somewhere/meta", f"{OAUTH}/as", "/token"]
    assert not any(name in world.received[0].headers for name in ("authorization", "cookie"))
    assert dict(world.received[-1].form) == {"grant_type": "client_credentials", "resource": api, "scope": "read write"}
    assert source.base_url() == api
    with pytest.raises(OriginNotAllowed):
        source.headers("GET", "https://elsewhere.example/")


def test_a_challenge_that_the_user_has(world: World) -> None:
    """With challenge= the API is not asked; the user's own scope and resource win over what was found."""
    api, meta = f"{world.url}/api", f"{world.url}/meta"
    world.documents = {
        "/meta": {"resource": api, "authorization_servers": [world.url]},
        OAUTH: world.metadata(world.url),
    }
    given = challenge(meta, error="invalid_token", scope="of-the-challenge")
    TokenSource(grant_by(Discovery(resource=api, challenge=given), scope="own", resource="https://own")).token()
    assert world.paths() == ["/meta", OAUTH, "/token"]
    assert dict(world.received[-1].form)["scope"] == "own"
    assert dict(world.received[-1].form)["resource"] == "https://own"


@pytest.mark.parametrize("answer", [Answer(404), Answer(200, b"welcome"), Answer(401), Answer(500)])
@pytest.mark.requirement("9728-well-known")
def test_by_the_well_known_place(world: World, answer: Answer) -> None:
    """RFC 9728 §3.1: without a challenge the document is where the path is inserted, its query too."""
    api = f"{world.url}/api/v1?tenant=a"
    world.documents = {
        "/api/v1?tenant=a": answer,
        f"{RESOURCE}/api/v1?tenant=a": {"resource": api, "authorization_servers": [world.url]},
        OAUTH: world.metadata(world.url),
    }
    assert TokenSource(grant_by(Discovery(resource=api)), timeout=0.5).token().access_token == TOKEN
    assert dict(world.received[-1].form)["resource"] == api


def test_by_the_root(world: World) -> None:
    """The document at the root is the origin's: that is what it has to name, and what is sent as resource."""
    api = f"{world.url}/api"
    world.documents = {
        RESOURCE: {"resource": world.url, "authorization_servers": [world.url]},
        OAUTH: world.metadata(world.url),
    }
    TokenSource(grant_by(Discovery(resource=api))).token()
    assert world.paths() == ["/api", f"{RESOURCE}/api", RESOURCE, OAUTH, "/token"]
    assert dict(world.received[-1].form)["resource"] == world.url


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_api_without_a_path(world: World, slash: str) -> None:
    """RFC 9728 §3.1: an identifier without a path has its document at the root, and is compared as it was given."""
    api = world.url + slash
    world.documents = {
        RESOURCE: {"resource": api, "authorization_servers": [world.url]},
        OAUTH: world.metadata(world.url),
    }
    TokenSource(grant_by(Discovery(resource=api))).token()
    assert dict(world.received[-1].form)["resource"] == api


@pytest.mark.parametrize("said", ["/api/", "/other", "", "/API"])
@pytest.mark.requirement("9728-resource", "9728-compare")
def test_a_resource_that_is_another(world: World, said: str) -> None:
    """RFC 9728 §3.3: the resource is compared character by character; both in the error; no token is requested."""
    api = f"{world.url}/api"
    world.documents = {
        f"{RESOURCE}/api": {"resource": world.url + said, "authorization_servers": [world.url]},
        OAUTH: world.metadata(world.url),
    }
    with pytest.raises(InvalidTokenResponse) as caught:
        TokenSource(grant_by(Discovery(resource=api))).token()
    assert repr(api) in str(caught.value)
    assert repr(world.url + said) in str(caught.value)
    assert f"{RESOURCE}/api" in world.paths()
    assert {received.method for received in world.received} == {"GET"}


@pytest.mark.requirement("9728-resource-of-challenge")
def test_a_challenge_of_another_api(world: World) -> None:
    """Where a challenge points, the document is still about the URL that was asked."""
    api = f"{world.url}/api"
    world.challenge = challenge(f"{world.url}/meta")
    world.documents = {"/meta": {"resource": world.url, "authorization_servers": [world.url]}}
    with pytest.raises(InvalidTokenResponse, match="another resource"):
        TokenSource(grant_by(Discovery(resource=api))).token()


@pytest.mark.parametrize("servers", [None, [], "https://as.example.com", [5]])
def test_an_api_that_names_no_server(world: World, servers: Any) -> None:
    """RFC 9728 §2: authorization_servers is a list; without one, the error says what to pass."""
    world.documents = {f"{RESOURCE}/api": {"resource": f"{world.url}/api", "authorization_servers": servers}}
    with pytest.raises(InvalidTokenResponse, match=r"authorization_servers.*issuer="):
        TokenSource(grant_by(Discovery(resource=f"{world.url}/api"))).token()


def test_no_document_of_an_api(world: World) -> None:
    """Without a document the error names where it was looked for; a broken one counts as none."""
    world.documents = {f"{RESOURCE}/api": Answer(200, b"<html>")}
    with pytest.raises(InvalidTokenResponse, match="has no metadata where it should be"):
        TokenSource(grant_by(Discovery(resource=f"{world.url}/api"))).token()


def test_an_api_that_is_not_there() -> None:
    """An API that gives no answer at all is asked for its metadata; the error is that of the network."""
    with pytest.raises(OAuthError):
        TokenSource(grant_by(Discovery(resource="http://127.0.0.1:9/api")), timeout=0.3).token()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"challenge": 'Bearer resource_metadata="http://elsewhere.example/meta"'}, "not https"),
        ({"challenge": 'Bearer resource_metadata="/relative"'}, "not https"),
        ({"server": "http://as.example.com"}, "not https"),
        ({"server": "file:///etc/passwd"}, "not https"),
    ],
)
@pytest.mark.requirement("9728-tls", "9728-ssrf")
def test_what_is_not_https_is_not_asked(world: World, document: dict[str, str], said: str) -> None:
    """Neither a challenge nor a document makes us ask, or prove ourselves, by plain http."""
    api = f"{world.url}/api"
    world.challenge = document.get("challenge")
    world.documents = {
        f"{RESOURCE}/api": {"resource": api, "authorization_servers": [document.get("server", world.url)]}
    }
    with pytest.raises(InvalidTokenResponse, match=said):
        TokenSource(grant_by(Discovery(resource=api))).token()


def two_servers(world: World, *order: str) -> str:
    """Make the API name authorization servers, by their paths; return the API's URL."""
    api = f"{world.url}/api"
    names = [f"{world.url}/{name}" for name in order]
    world.documents[f"{RESOURCE}/api"] = {"resource": api, "authorization_servers": names}
    for name in names:
        path = name.removeprefix(world.url)
        world.documents[f"{OAUTH}{path}"] = world.metadata(name, token_endpoint=f"{name}/token")
    return api


@pytest.mark.requirement("9700-no-credentials-to-another")
def test_credentials_are_bound_to_the_first_server(world: World) -> None:
    """A server that the API names later gets no credentials: the error names both, and how to allow the change."""
    api = two_servers(world, "one", "two")
    clock = Clock()
    source = TokenSource(grant_by(Discovery(resource=api)), clock=clock)
    source.token()
    assert world.paths()[-1] == "/one/token"
    two_servers(world, "two", "one")
    clock.now += 90_000
    source.token()
    assert world.paths()[-1] == "/one/token"
    two_servers(world, "two")
    clock.now += 90_000
    with pytest.raises(ConfigurationError) as caught:
        source.token()
    assert f"{world.url}/one" in str(caught.value)
    assert f"{world.url}/two" in str(caught.value)
    assert "issuer=" in str(caught.value)
    assert world.paths()[-1] == f"{RESOURCE}/api"
    # Another client is another's credentials.
    TokenSource(grant_by(Discovery(resource=api), client_id="another"), clock=clock).token()
    assert world.paths()[-1] == "/two/token"


def test_credentials_of_a_named_issuer(world: World) -> None:
    """With issuer= the credentials are for that server, whichever the API names first, and for no other."""
    api = two_servers(world, "one", "two")
    TokenSource(grant_by(Discovery(resource=api, issuer=f"{world.url}/two"))).token()
    assert world.paths()[-1] == "/two/token"
    with pytest.raises(InvalidTokenResponse) as caught:
        TokenSource(grant_by(Discovery(resource=api, issuer=f"{world.url}/three"))).token()
    assert f"{world.url}/three" in str(caught.value)
    assert f"{world.url}/one or {world.url}/two" in str(caught.value)


def test_bindings_are_few(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of APIs is bounded: the oldest goes first."""
    from oauth_cc_auth._authorization_server import discovery  # noqa: PLC0415 - for its bound

    monkeypatch.setattr(discovery, "_MOST_BOUND", 2)
    api = two_servers(world, "one")
    for number in range(4):
        TokenSource(grant_by(Discovery(resource=api), client_id=f"client-{number}")).token()
    assert [client for _, client in discovery._first] == ["client-2", "client-3"]


def test_an_issuer_in_two_places(world: World) -> None:
    """Where grant and discovery name issuers, they have to be the same."""
    world.documents = {OAUTH: world.metadata(world.url)}
    assert TokenSource(grant_by(Discovery(issuer=world.url), issuer=world.url)).token().access_token == TOKEN
    with pytest.raises(InvalidTokenResponse, match="issuer of the grant"):
        TokenSource(grant_by(Discovery(issuer=world.url), issuer="https://other.example")).token()


@pytest.mark.requirement("9700-metadata")
def test_revocation_and_introspection_are_found(world: World) -> None:
    """RFC 8414 §2: the document names where to revoke; the request goes there without asking for it again."""
    world.documents = {OAUTH: world.metadata(world.url, revocation_endpoint=f"{world.url}/revoke")}
    source = TokenSource(grant_by(Discovery(issuer=world.url)))
    source.token()
    source.revoke()
    assert world.paths() == [OAUTH, "/token", "/revoke"]


def test_no_revocation_endpoint_anywhere(world: World) -> None:
    """Where the document names none, revoke() says so."""
    world.documents = {OAUTH: world.metadata(world.url)}
    source = TokenSource(grant_by(Discovery(issuer=world.url)))
    source.token()
    with pytest.raises(ConfigurationError, match="names no revocation_endpoint"):
        source.revoke()


@pytest.mark.requirement("8414-issuer-form", "9728-resource-form")
def test_what_is_wrong_is_said_at_construction() -> None:
    """Case 7: each place is checked where it is given."""
    cases: list[tuple[Callable[[], object], str]] = [
        (Discovery, "one of url=, issuer= and resource="),
        (lambda: Discovery("https://a.example", issuer="https://a.example"), "one of"),
        (lambda: Discovery("https://a.example", resource="https://a.example"), "one of"),
        (lambda: Discovery(issuer="https://a.example", challenge="Bearer"), "challenge="),
        (lambda: Discovery(resource="https://a.example", challenge=5), "challenge="),  # type: ignore[arg-type]  # the point
        (lambda: grant_by(Discovery(issuer="a.example")), "token_endpoint"),
        (lambda: Discovery(issuer="https://a.example#x"), "without query and fragment"),
        (lambda: Discovery(issuer="https://a.example?x=y"), "without query and fragment"),
        (lambda: Discovery(resource="https://a.example", issuer="https://a.example?"), "without query and fragment"),
        (lambda: grant_by(Discovery(resource="https://a.example#x")), "token_endpoint holds a fragment"),
        (lambda: grant_by(Discovery(resource="https://u@a.example")), "token_endpoint"),
        (lambda: grant_by(Discovery(resource="https://a.example", issuer="ftp://x")), "token_endpoint"),
    ]
    for make, said in cases:
        with pytest.raises(ConfigurationError, match=said):
            make()


def test_plain_http_is_for_loopback() -> None:
    """An issuer or API by plain http is refused at construction, unless the grant allows it by name."""
    for discovery in (Discovery(issuer="http://a.example"), Discovery(resource="http://a.example/api")):
        with pytest.raises(InsecureTransport):
            grant_by(discovery)
        assert grant_by(discovery, allow_insecure_http=True).token_endpoint == discovery


def test_it_is_shown_by_its_place() -> None:
    """In messages a discovery is the address or identifier that it begins at."""
    assert str(Discovery("https://a.example/meta")) == "https://a.example/meta"
    assert str(Discovery(issuer="https://a.example")) == "https://a.example"
    assert str(Discovery(resource="https://api.example", issuer="https://a.example")) == "https://api.example"
    assert json.dumps(Discovery(issuer="https://a.example").places) == '["https://a.example"]'

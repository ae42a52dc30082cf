"""Tests of token requests that depart from RFC 6749, over real HTTP on loopback, by requests, httpx and httpx2."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from loopback import SECRET, TOKEN, Answer, Clock, Loopback, Received, grant_for, token_answer

from oauth_cc_auth import (
    AuthorizationCode,
    ClientCredentials,
    ConfigurationError,
    InvalidClient,
    OAuthError,
    PrivateKeyJWT,
    RequestFormat,
    ResponseFormat,
    Token,
    TokenRequestError,
    TokenSource,
)
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._http.sender import sender_for

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
GRANT_TYPE = ("grant_type", "client_credentials")
CREDENTIALS = [("client_id", "client"), ("client_secret", SECRET)]


@pytest.fixture(params=["requests", "httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> str:
    """Return each library in turn."""
    name: str = request.param
    return name


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Run a token endpoint on loopback."""
    with Loopback() as server:
        yield server


def asked(server: Loopback, library: str, **changes: Any) -> Received:
    """Ask for a token and return the request as the server saw it."""
    grant = grant_for(f"{server.url}/token", **{"token_endpoint_auth_method": "client_secret_post", **changes})
    exchange = Exchange(grant, sender_for(None, None, library), 5.0, Clock())
    assert exchange.fetch(None).access_token == TOKEN
    return server.received[-1]


def query_of(received: Received) -> list[tuple[str, str]]:
    """Return the parameters of the query."""
    return parse_qsl(urlsplit(received.path).query, keep_blank_values=True, strict_parsing=True)


def has_no_body(received: Received) -> bool:
    """Tell whether a GET carries nothing that belongs to a body."""
    unwanted = {"content-type", "content-length", "transfer-encoding"} & set(received.headers)
    return received.method == "GET" and received.body == b"" and not unwanted


def test_a_form(server: Loopback, library: str) -> None:
    """Line 1, LINE: by the letter of the RFC where nothing else is said."""
    received = asked(server, library, scope="a b")
    assert (received.method, received.path, received.headers["content-type"]) == ("POST", "/token", FORM)
    assert sorted(received.form) == sorted([GRANT_TYPE, ("scope", "a b"), *CREDENTIALS])


def test_json(server: Loopback, library: str) -> None:
    """Line 3, Fyma, Vanta: the same parameters as one JSON object; several values of one name are a list."""
    form = RequestFormat(body="json")
    received = asked(server, library, token_request=form, resource=["1", "2"], audience="https://api", scope="a b")
    assert received.headers["content-type"] == JSON
    assert json.loads(received.body) == {
        **dict([GRANT_TYPE, *CREDENTIALS]),
        "resource": ["1", "2"],
        "audience": "https://api",
        "scope": "a b",
    }


def test_json_beside_basic(server: Loopback) -> None:
    """Line 2, Moov: Basic and a JSON body that holds id and secret too."""
    form, headers = RequestFormat(body="json"), {"content-type": "text/plain"}
    received = asked(
        server,
        "requests",
        token_request=form,
        headers=headers,
        token_endpoint_auth_method="client_secret_basic_and_post",
    )
    assert received.headers["content-type"] == JSON
    assert json.loads(received.body) == dict([GRANT_TYPE, *CREDENTIALS])
    assert received.headers["authorization"].startswith("Basic ")


def test_a_query_with_an_empty_body(server: Loopback, library: str) -> None:
    """Line 3, Kno Commerce, Transporeon: a POST whose parameters all stand in the query."""
    received = asked(server, library, token_request=RequestFormat(body=None))
    assert (received.method, received.body) == ("POST", b"")
    assert "content-type" not in received.headers
    assert sorted(query_of(received)) == sorted([GRANT_TYPE, *CREDENTIALS])


def test_get(server: Loopback, library: str) -> None:
    """Line 9, WeChat: a GET has its parameters in the query, and nothing of a body."""
    names = {"client_id": "appid", "client_secret": "secret"}
    form = RequestFormat("GET", names=names)
    received = asked(
        server, library, token_request=form, grant_type="client_credential", headers={"Content-Type": FORM}
    )
    assert has_no_body(received)
    assert sorted(query_of(received)) == [("appid", "client"), ("grant_type", "client_credential"), ("secret", SECRET)]


def test_get_with_basic(server: Loopback) -> None:
    """Line 9, M-Pesa: a GET whose secret stands in the header."""
    form = RequestFormat("GET")
    received = asked(server, "requests", token_request=form, token_endpoint_auth_method="client_secret_basic")
    assert has_no_body(received)
    assert query_of(received) == [GRANT_TYPE]
    assert received.headers["authorization"].startswith("Basic ")


def test_get_to_an_endpoint_with_a_query(server: Loopback, library: str) -> None:
    """Line 3, Altrata: what stands in the endpoint's own query stays there."""
    grant = grant_for(
        f"{server.url}/token?tenant=a%20b",
        token_request=RequestFormat("GET"),
        token_endpoint_auth_method="client_secret_basic",
    )
    Exchange(grant, sender_for(None, None, library), 5.0, Clock()).fetch(None)
    assert query_of(server.received[-1]) == [("tenant", "a b"), GRANT_TYPE]


def test_split_placement(server: Loopback, library: str) -> None:
    """Line 3, Greenhouse, MTN MADAPI: grant_type in the query, the rest in the body."""
    received = asked(server, library, token_request=RequestFormat(query=["grant_type"]), scope="a")
    assert query_of(received) == [GRANT_TYPE]
    assert sorted(received.form) == sorted([("scope", "a"), *CREDENTIALS])
    received = asked(server, library, token_request=RequestFormat(query=["grant_type"], body="json"))
    assert query_of(received) == [GRANT_TYPE]
    assert json.loads(received.body) == dict(CREDENTIALS)


@pytest.mark.parametrize("grant_type", ["account_credentials", "urn:ibm:params:oauth:grant-type:apikey", "none", "a b"])
def test_another_grant_type(server: Loopback, grant_type: str) -> None:
    """Line 7, Zoom, IBM: the grant type is what the vendor wants, word by word."""
    assert ("grant_type", grant_type) in asked(server, "requests", grant_type=grant_type).form


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic", "client_secret_json"])
def test_no_grant_type_at_all(server: Loopback, method: str) -> None:
    """Line 7, Feishu, ClearTax: no grant type means that nothing of it reaches the wire, however the rest travels."""
    for form in (RequestFormat(), RequestFormat(body="json"), RequestFormat(body=None), RequestFormat("GET")):
        received = asked(server, "requests", token_request=form, grant_type=None, token_endpoint_auth_method=method)
        assert "grant_type" not in received.path + received.body.decode()
        assert "none" not in received.path + received.body.decode()


def test_renamed_credentials(server: Loopback) -> None:
    """Line 8, Feishu, Toast, IBM: credentials by the vendor's names, or one of them alone."""
    names: dict[str, str | None] = {"client_id": "app_id", "client_secret": "app_secret", "grant_type": None}
    received = asked(server, "requests", token_request=RequestFormat(body="json", names=names))
    assert json.loads(received.body) == {"app_id": "client", "app_secret": SECRET}
    form = RequestFormat(names={"client_id": None, "client_secret": "apikey"})
    received = asked(server, "requests", client_id=None, token_request=form)
    assert sorted(received.form) == [("apikey", SECRET), GRANT_TYPE]


def test_scopes_with_commas(server: Loopback) -> None:
    """Line 5, Adobe: scopes joined by commas, in the scope alone."""
    form = RequestFormat(scope_separator=",")
    received = asked(server, "requests", token_request=form, scope=["a", "b"], audience="x y")
    assert {("scope", "a,b"), ("audience", "x y")} < set(received.form)


def test_client_secret_json(server: Loopback) -> None:
    """Line 1, Fyma, USPS: client_secret_json is client_secret_post in JSON, also where another method was replaced."""
    first = grant_for(f"{server.url}/token")
    for grant, content_type in (
        (replace(first, token_endpoint_auth_method="client_secret_json"), JSON),
        (replace(first, token_endpoint_auth_method="client_secret_post"), FORM),
        (
            replace(replace(first, token_endpoint_auth_method="client_secret_json"), token_endpoint_auth_method="none"),
            FORM,
        ),
    ):
        Exchange(grant, sender_for(None, None, "requests"), 5.0, Clock()).fetch(None)
        received = server.received[-1]
        assert received.headers["content-type"] == content_type
        assert "authorization" not in received.headers
    assert json.loads(server.received[0].body) == dict([GRANT_TYPE, *CREDENTIALS])


def encoded(text: str) -> str:
    """Return base64 of a text."""
    return base64.b64encode(text.encode()).decode()


def workday(client_id: str, secret: str) -> dict[str, str]:
    """Prove a client by the scheme ID."""
    return {"Authorization": "ID " + encoded(f"{client_id}:{secret}")}


def sabre(client_id: str, secret: str) -> dict[str, str]:
    """Prove a client by Basic of two halves, each in base64."""
    return {"Authorization": "Basic " + encoded(f"{encoded(client_id)}:{encoded(secret)}")}


def cleartax(_: str, secret: str) -> dict[str, str]:
    """Prove a client by its secret alone."""
    return {"X-Cleartax-Auth-Token": secret}


@pytest.mark.parametrize(
    ("method", "client_id", "name", "value"),
    [
        (workday, "client", "authorization", "ID Y2xpZW50OmNhbmFyeS1zZWNyZXQtSjcjcCVrJis9"),
        (sabre, "V1:u:g", "authorization", "Basic VmpFNmRUcG46WTJGdVlYSjVMWE5sWTNKbGRDMUtOeU53SldzbUt6MD0="),
        (cleartax, None, "x-cleartax-auth-token", SECRET),
    ],
)
def test_a_method_of_ones_own(server: Loopback, method: Any, client_id: str | None, name: str, value: str) -> None:
    """Lines 8 and 13, Workday, Sabre, ClearTax: a function writes the headers that prove the client."""
    received = asked(server, "requests", token_endpoint_auth_method=method, client_id=client_id)
    assert received.headers[name] == value
    assert received.form == [GRANT_TYPE]


@pytest.mark.parametrize(
    "method",
    [
        lambda *_: 5,
        lambda *_: {"X Y": "z"},
        lambda *_: {"X": "a\nb"},
        lambda _, secret: {}[secret],
        dict,
        lambda *_: None,
    ],
)
def test_a_method_that_fails(server: Loopback, method: Any) -> None:
    """Line 13: a function that writes no headers is a ConfigurationError that shows no secret; nothing was sent."""
    with pytest.raises(ConfigurationError, match="token_endpoint_auth_method") as caught:
        TokenSource(grant_for(f"{server.url}/token", token_endpoint_auth_method=method)).token()
    assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert server.received == []


def test_a_proof_that_is_echoed_is_masked(server: Loopback) -> None:
    """Case 37, line 13: what a function wrote, and a server echoes, is in no message."""
    server.replies = [
        lambda received: Answer(400, {"error": "bad", "error_description": received.headers["authorization"]})
    ]
    with pytest.raises(TokenRequestError) as caught:
        asked(server, "requests", token_endpoint_auth_method=workday)
    assert encoded(f"client:{SECRET}") not in str(caught.value)


def revoked(server: Loopback, library: str, **changes: Any) -> Received:
    """Revoke a token and return the request as the server saw it."""
    grant = grant_for(f"{server.url}/token", revocation_endpoint=f"{server.url}/revoke", **changes)
    Exchange(grant, sender_for(None, None, library), 5.0, Clock()).revoke(Token(TOKEN))
    return server.received[-1]


def test_revocation_has_a_form_of_its_own(server: Loopback) -> None:
    """Line 43, LINE, CrowdStrike: own names, own place and own authentication at the revocation endpoint."""
    names: dict[str, str | None] = {"token": "access_token", "token_type_hint": None}
    received = revoked(
        server,
        "requests",
        revocation_request=RequestFormat(names=names),
        revocation_endpoint_auth_method="client_secret_post",
    )
    assert sorted(received.form) == sorted([("access_token", TOKEN), *CREDENTIALS])
    assert "authorization" not in received.headers
    received = revoked(
        server,
        "requests",
        token_endpoint_auth_method="client_secret_post",
        token_request=RequestFormat(body="json"),
        revocation_endpoint_auth_method="client_secret_basic",
    )
    assert received.headers["content-type"] == FORM
    assert sorted(received.form) == [("token", TOKEN), ("token_type_hint", "access_token")]
    assert received.headers["authorization"].startswith("Basic ")
    received = revoked(server, "requests", revocation_endpoint_auth_method="client_secret_json")
    assert json.loads(received.body) == {"token": TOKEN, "token_type_hint": "access_token", **dict(CREDENTIALS)}
    received = revoked(server, "requests", revocation_request=RequestFormat("GET"))
    assert has_no_body(received)
    assert query_of(received) == [("token", TOKEN), ("token_type_hint", "access_token")]


def test_headers_are_made_for_each_request(server: Loopback) -> None:
    """Line 12, Walmart: a header that is a function is made anew for each attempt, and never the same twice."""
    made = iter("abcdef")
    server.replies = [Answer(503), token_answer()]
    asked(server, "requests", headers={"WM_QOS.CORRELATION_ID": lambda: next(made), "X-Constant": "c"})
    asked(server, "requests", headers={"WM_QOS.CORRELATION_ID": lambda: next(made)})
    assert [received.headers["wm_qos.correlation_id"] for received in server.received] == ["a", "b", "c"]
    assert server.received[0].headers["x-constant"] == "c"


def test_a_secret_by_another_name_is_read_again(server: Loopback) -> None:
    """Lines 19 and 35, WeChat: a 200 whose code means a wrong secret is InvalidClient, and the secret is read again."""
    form = ResponseFormat(errors=replace(ResponseFormat().errors, code="errcode", meaning={"40125": "invalid_client"}))
    given = iter(["old", "new", "new"])
    server.replies = [Answer(200, {"errcode": 40125, "errmsg": "invalid appsecret"}), token_answer()]
    source = TokenSource(
        grant_for(
            f"{server.url}/token",
            client_secret=lambda: next(given),
            token_response=form,
            token_request=RequestFormat("GET"),
            token_endpoint_auth_method="client_secret_post",
        )
    )
    assert source.token().access_token == TOKEN
    assert ["client_secret=new" in received.path for received in server.received] == [False, True]


def test_a_wrong_secret_is_refused_in_a_200(server: Loopback) -> None:
    """Lines 19 and 35, WeChat: it is asked once, and remembered like any other refusal."""
    form = ResponseFormat(errors=replace(ResponseFormat().errors, code="errcode", meaning={"40125": "invalid_client"}))
    server.replies = [Answer(200, {"errcode": 40125})]
    source = TokenSource(grant_for(f"{server.url}/token", token_response=form))
    for _ in range(5):
        with pytest.raises(InvalidClient):
            source.token()
    assert len(server.received) == 1


def test_a_limit_is_remembered_and_masked(server: Loopback) -> None:
    """Lines 33 and 34, Vertex: while the limit lasts no call makes a token request; what was echoed is masked."""
    clock = Clock()
    server.replies = [
        Answer(400, {"error": "invalid_request", "error_description": f"limit for {SECRET}"}),
        token_answer(),
    ]
    form = ResponseFormat(limit_reached=lambda said: said.status == 400)
    source = TokenSource(grant_for(f"{server.url}/token", token_response=form), clock=clock)
    for seconds in (0, 1, 30, 28):
        clock.now += seconds
        with pytest.raises(OAuthError, match="gives no more tokens for now") as caught:
            source.token()
        assert SECRET not in f"{caught.value} {vars(caught.value)}"
        assert "limit for ***" in str(caught.value)
    assert len(server.received) == 1
    clock.now += 2
    assert source.token().access_token == TOKEN


def test_a_limit_that_cannot_be_judged(server: Loopback) -> None:
    """Line 34: a `limit_reached` that raises does not hide what the server said."""
    server.replies = [Answer(400, {"error": "invalid_client", "error_description": "x"})]
    form = ResponseFormat(limit_reached=lambda said: bool(said.message and 1 / 0))
    with pytest.raises(InvalidClient):
        TokenSource(grant_for(f"{server.url}/token", token_response=form)).token()


def test_what_cannot_work_is_refused() -> None:
    """Case 7, line 8: a client without an id needs a request that carries none; other nonsense is named too."""
    cases: list[dict[str, Any]] = [
        {"client_id": None},
        {"client_id": None, "token_request": RequestFormat(names={"client_id": "appid"})},
        {"client_id": None, "token_endpoint_auth_method": PrivateKeyJWT()},
        {"client_id": ""},
        {"client_id": "", "token_request": RequestFormat(names={"client_id": None})},
        {"grant_type": ""},
        {"grant_type": 5},
        {"token_endpoint_auth_method": 5},
        {"revocation_endpoint_auth_method": "nope"},
        {"revocation_endpoint_auth_method": 5},
    ]
    for changes in cases:
        name = next(name for name in changes if name != "token_request").replace("client_id", "client_id is empty")
        if "client_id" in changes:
            name = "client_id is empty"
        with pytest.raises(ConfigurationError, match=name):
            ClientCredentials(
                **{"token_endpoint": "https://a.example", "client_id": "c", "client_secret": "s", **changes}
            )


def test_a_login_is_written_by_the_same_format(server: Loopback) -> None:
    """Lines 3 and 44: a refresh request is placed and named as a token request is."""
    grant = AuthorizationCode(
        token_endpoint=f"{server.url}/token",
        client_id="client",
        client_secret=SECRET,
        refresh_token="r1",
        token_endpoint_auth_method="client_secret_post",
        token_request=RequestFormat(body="json", names={"refresh_token": "refreshToken"}),
    )
    Exchange(grant, sender_for(None, None, "requests"), 5.0, Clock()).fetch(None)
    body = json.loads(server.received[0].body)
    assert body == {"grant_type": "refresh_token", "refreshToken": "r1", **dict(CREDENTIALS)}

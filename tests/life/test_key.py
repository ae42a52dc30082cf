"""Tests of the key: that a field which is added counts, and what of a lent session and of the environment does."""

from __future__ import annotations

import enum
import sys
import threading
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from loopback import SECRET, Answer, Loopback, grant_for, token_answer
from requests.adapters import HTTPAdapter

from oauth_cc_auth import (
    AuthorizationCode,
    ClientCredentials,
    ConfigurationError,
    Env,
    File,
    MemoryStore,
    PrivateKeyJWT,
    RequestFormat,
    ResponseFormat,
    TokenSource,
)
from oauth_cc_auth._grant import hashes
from oauth_cc_auth._http.lent_identity import identity_of
from oauth_cc_auth._life.canonical import Canonical
from oauth_cc_auth._life.key import UNCOUNTED, key_in_memory, store_key
from oauth_cc_auth._life.table import live_token

NOBODYS = (None, None, None, None)
NAMELESS: dict[str, Any] = {
    "client_id": None,
    "token_endpoint_auth_method": "client_secret_post",
    "token_request": RequestFormat(names={"client_id": None}),
}


@pytest.fixture(autouse=True)
def brief_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do without the 50 ms that a guess costs."""
    monkeypatch.setattr(hashes, "slow_hash", lambda secret, salt: f"{secret}:{salt.hex()}")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Tomorrow(ClientCredentials):
    """A grant with a field that nobody knows today."""

    added_tomorrow: str | None = None


def test_every_field_counts_unless_it_is_listed() -> None:
    """A field that is added to a grant tells tokens apart, in memory and in a store, until somebody lists it."""
    cases: list[Any] = [ClientCredentials, AuthorizationCode, Tomorrow]
    for cls in cases:
        plain: Any = cls(token_endpoint="https://as.example.com/token", client_id="client", client_secret=SECRET)
        listed = set()
        for field in fields(cls):
            other = cls(token_endpoint="https://as.example.com/token", client_id="client", client_secret=SECRET)
            object.__setattr__(other, field.name, {} if field.name == "headers" else "another value")
            if field.name == "headers":
                object.__setattr__(other, field.name, {"X": "another value"})
            if field.name == "token_response":
                object.__setattr__(other, field.name, ResponseFormat(access_token="another"))
            same = key_in_memory(plain, ask=False) == key_in_memory(other, ask=False)
            assert same is (field.name in UNCOUNTED - {"client_secret"}), field.name
            assert (store_key(plain, SECRET) == store_key(other, SECRET)) is (field.name in UNCOUNTED), field.name
            listed |= {field.name} & UNCOUNTED
        assert listed <= UNCOUNTED


def test_what_is_listed_is_a_field() -> None:
    """A name on the list that no grant has is a mistake, but for those that presets write."""
    known = {field.name for cls in (ClientCredentials, AuthorizationCode) for field in fields(cls)}
    assert known | {"vendor", "variables"} >= UNCOUNTED


def written(value: object) -> bytes:
    """Return a value's canonical form."""
    writer = Canonical()
    writer.write("", value)
    return writer.written()


class Colour(str, enum.Enum):
    """Sent as its name or as its value."""

    RED = "red"


def test_values_that_differ_are_written_differently() -> None:
    """No two values that a request tells apart look alike, however they are nested."""
    values: list[object] = [
        *(None, "", "None", "1", 1, 1.0, True, b"1", b"", "red", Colour.RED),
        *([], [""], ["", ""], ["ab"], ["a", "b"], ["b", "a"], [["a"], "b"], [["a", "b"]], {}, {"a": "b"}),
        *({"a": None}, {"ab": ""}, {"a": ["b"]}, {"a": {"b": "c"}}, {"a": {}, "b": "c"}, "l1:1s1:a", {"b": "a"}),
    ]
    assert len({written(value) for value in values}) == len(values)


def test_values_that_say_the_same_are_written_alike() -> None:
    """Mappings and sets count in any order; a tuple is a list."""
    assert written({"a": 1, "b": [2]}) == written({"b": (2,), "a": 1})
    assert written({"b", "a"}) == written(frozenset({"a", "b"}))
    assert written("\ud800") != written("?")


def test_what_cannot_be_seen_is_for_a_subclass() -> None:
    """Nothing is written of a function by accident."""
    with pytest.raises(NotImplementedError):
        written(print)


class Mine(PrivateKeyJWT):
    """A user's assertion, which keeps what no field shows."""

    def __init__(self, tenant: str) -> None:
        """Keep a tenant."""
        super().__init__()
        object.__setattr__(self, "tenant", tenant)


def test_a_users_subclass_counts_with_what_it_keeps() -> None:
    """A subclass may write something of its own into the request: its class and its attributes count."""
    grants = [grant_for(token_endpoint_auth_method=method) for method in (Mine("a"), Mine("b"), PrivateKeyJWT())]
    assert len({store_key(grant, SECRET) for grant in grants}) == 3
    assert len({key_in_memory(grant, ask=False) for grant in grants}) == 3
    again = grant_for(token_endpoint_auth_method=Mine("a"))
    assert key_in_memory(again, ask=False) == key_in_memory(grants[0], ask=False)

    class Local(ClientCredentials):
        """A class that no name leads to."""

    local: Any = Local(token_endpoint="https://as.example.com/token", client_id="client", client_secret=SECRET)
    with pytest.raises(ConfigurationError, match="Local: a store cannot tell"):
        store_key(local, SECRET)


def test_a_setting_that_equals_its_default_may_read_otherwise() -> None:
    """300.0 seconds make another assertion than 300: JSON writes them in two ways."""
    one, other = (grant_for(token_endpoint_auth_method=PrivateKeyJWT(lifetime=each)) for each in (60, 60.0))
    assert store_key(one, SECRET) != store_key(other, SECRET)


def test_what_reads_alike_is_one() -> None:
    """A collection of one is that one: the request says the same, and so the token is shared."""
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"audience": "x"}, {"audience": ["x"]}),
        ({"resource": ("x",)}, {"resource": "x"}),
        ({"parameters": {"a": ["x"]}}, {"parameters": {"a": "x"}}),
        ({"default_lifetime": 60}, {"default_lifetime": 60.0}),
    ]
    for one, other in cases:
        assert grant_for(**one) == grant_for(**other)
        assert store_key(grant_for(**one), SECRET) == store_key(grant_for(**other), SECRET)


def test_the_order_of_resources_counts() -> None:
    """The order of several reaches the wire."""
    one, other = grant_for(resource=["a", "b"]), grant_for(resource=["b", "a"])
    assert live_token(one, *NOBODYS) is not live_token(other, *NOBODYS)


def test_a_secret_parameter_costs_a_slow_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password among the parameters of a client without a secret is guessed as slowly as a client secret."""
    made: list[bytes] = []

    def slow_hash(_: str, salt: bytes) -> str:
        made.append(salt)
        return str(len(made))

    monkeypatch.setattr(hashes, "slow_hash", slow_hash)
    names = {
        store_key(
            grant_for(client_secret=None, token_endpoint_auth_method="none", parameters={"password": password}), None
        )
        for password in ("one", "two")
    }
    assert len(made) == len(names) == 2
    assert b"one" not in b"".join(made)


# The environment and files: what stands there, not where.


@pytest.mark.parametrize("kind", ["Env", "File"])
def test_a_header_that_is_read_counts_by_what_it_holds(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two tenants whose name stands in the environment get two tokens, in memory and in a store."""
    path = tmp_path / "tenant"

    def tenant(name: str) -> tuple[object, str]:
        monkeypatch.setenv("TENANT", name)
        path.write_text(name)
        grant = grant_for(headers={"X-Tenant": Env("TENANT") if kind == "Env" else File(path)})
        return live_token(grant, *NOBODYS), store_key(grant, SECRET)

    anna, bert = tenant("anna"), tenant("bert")
    assert anna[0] is not bert[0]
    assert anna[1] != bert[1]
    assert tenant("anna") == anna
    monkeypatch.delenv("TENANT")
    path.unlink()
    assert live_token(grant_for(headers={"X-Tenant": Env("TENANT")}), *NOBODYS) not in (anna[0], bert[0])


def test_a_client_that_its_secret_names_counts_by_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a client id the key is the client: another key in the environment is another client."""
    monkeypatch.setenv("KEY", "anna's")
    anna = live_token(grant_for(client_secret=Env("KEY"), **NAMELESS), *NOBODYS)
    assert live_token(grant_for(client_secret=Env("KEY"), **NAMELESS), *NOBODYS) is anna
    monkeypatch.setenv("KEY", "bert's")
    assert live_token(grant_for(client_secret=Env("KEY"), **NAMELESS), *NOBODYS) is not anna
    named = live_token(grant_for(client_secret=Env("KEY")), *NOBODYS)
    monkeypatch.setenv("KEY", "rotated")
    assert live_token(grant_for(client_secret=Env("KEY")), *NOBODYS) is named, "a rotated secret is the same client's"


# What a lent session adds to the request.


def session_with(headers: dict[str, Any] | None = None, cert: Any = None) -> requests.Session:
    """Return a session to lend."""
    session = requests.Session()
    session.headers.update(headers or {})
    session.cert = cert
    return session


def test_a_lent_sessions_headers_count_in_a_store() -> None:
    """A header that a session adds to the token request makes another entry; what every library sends does not."""
    grant = grant_for()
    bare = store_key(grant, SECRET)
    for plain in (requests.Session(), httpx.Client(), session_with({"Authorization": "x", "Cookie": "y"})):
        assert store_key(grant, SECRET, plain) == bare
    anna = store_key(grant, SECRET, session_with({"X-Tenant": "anna"}))
    assert anna != bare
    assert anna == store_key(grant, SECRET, session_with({"x-tenant": b"anna"}))
    assert anna == store_key(grant, SECRET, httpx.Client(headers={"X-Tenant": "anna"}))
    assert anna != store_key(grant, SECRET, session_with({"X-Tenant": "bert"}))
    assert store_key(grant, SECRET, session_with({"User-Agent": "mine/1.0"})) != bare
    own = grant_for(headers={"X-Tenant": "anna"})
    assert store_key(own, SECRET) == store_key(own, SECRET, session_with({"X-Tenant": "bert"})), "the grant's wins"


def test_a_login_is_one_whatever_sends(tmp_path: Path) -> None:
    """A login's refresh token is found by every process, whatever session renews it."""
    login = AuthorizationCode(token_endpoint="https://as.example.com/token", client_id="client", client_secret=SECRET)
    assert store_key(login, None) == store_key(login, None, session_with({"X": "y"}, str(tmp_path)))


def test_a_lent_sessions_certificate_counts_in_a_store(tmp_path: Path) -> None:
    """Two clients by their certificates have two entries; the same certificate at another path is the same client."""
    grant = grant_for(client_secret=None, token_endpoint_auth_method="tls_client_auth")
    paths = [tmp_path / name for name in ("anna", "bert", "anna again")]
    for path in paths:
        path.write_text(path.name.partition(" ")[0])
    anna, bert, again = (store_key(grant, None, session_with(cert=(str(path), "key"))) for path in paths)
    assert anna == again == store_key(grant, None, session_with(cert=str(paths[0])))
    assert anna != bert
    assert store_key(grant, None, session_with()) not in (anna, bert)
    assert identity_of(session_with(cert="/nowhere"), "https://x.example", ()).certificate == "/nowhere"


class OwnAdapter(HTTPAdapter):
    """May have a certificate in an SSLContext."""


@pytest.mark.parametrize("lent", ["client", "session", "no adapter"])
def test_a_certificate_that_cannot_be_read_back_is_refused(lent: str) -> None:
    """A store could give one client's token to another: say so, and let the user say whose certificate it is."""
    session, method = requests.Session(), "tls_client_auth"
    session.mount("https://", OwnAdapter())
    if lent == "no adapter":
        session.adapters.clear()
    how: dict[str, Any] = {"client": httpx.Client()} if lent == "client" else {"session": session}
    with pytest.raises(ConfigurationError, match="cannot be read back") as caught:
        TokenSource(grant_for(client_secret=None, token_endpoint_auth_method=method), store=MemoryStore(), **how)
    assert "client_secret" in str(caught.value)
    TokenSource(grant_for(client_secret=None, token_endpoint_auth_method=method), **how)
    one, other = (
        TokenSource(grant_for(client_secret=name, token_endpoint_auth_method=method), store=MemoryStore(), **how)
        for name in ("anna", "bert")
    )
    keys = {store_key(each.grant, name, *how.values()) for each, name in ((one, "anna"), (other, "bert"))}  # type: ignore[arg-type]  # both are grants with an endpoint
    assert len(keys) == 2


def test_two_sessions_over_one_store_get_two_tokens() -> None:
    """Bert's session over Anna's store does not get Anna's token."""
    store, grants = MemoryStore(), []
    with Loopback(token_answer("anna's"), token_answer("bert's")) as server:
        for name in ("anna", "bert"):
            session = session_with({"X-Tenant": name})
            grants.append(TokenSource(grant_for(server.url), store=store, session=session).token().access_token)
        again = TokenSource(grant_for(server.url), store=store, session=session_with({"X-Tenant": "anna"}))
        assert [*grants, again.token().access_token] == ["anna's", "bert's", "anna's"]


def ask() -> str:
    """Make a header's value."""
    return "value"


def test_a_source_counts_by_the_token_that_it_shares() -> None:
    """A grant whose request holds another grant's token counts by that grant, in memory and in a store."""

    def key_of(source: TokenSource) -> tuple[object, str]:
        grant = grant_for(headers={"X": "1"})
        object.__setattr__(grant, "audience", source)
        return key_in_memory(grant, ask=False), store_key(grant, SECRET)

    one, again, other = (TokenSource(grant_for(scope=scope)) for scope in ("a", "a", "b"))
    assert key_of(one) == key_of(again)
    assert key_of(one)[0] != key_of(other)[0]
    assert key_of(one)[1] != key_of(other)[1]
    with pytest.raises(ConfigurationError, match=r"audience\.grant\.headers\['x'\]"):
        key_of(TokenSource(grant_for(headers={"X": lambda: "x"})))
    assert key_of(TokenSource(grant_for(headers={"X": ask})))


def test_a_module_that_is_gone_has_no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function whose module cannot be found counts as one without a name."""
    monkeypatch.delitem(sys.modules, __name__)
    with pytest.raises(ConfigurationError, match="top level"):
        store_key(grant_for(headers={"X": ask}), SECRET)


def test_a_key_that_a_function_returns_is_another_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a client id a function's key is asked for in the flight: another key is another client's token."""
    keys = ["anna's"]

    def vault() -> str:
        return keys[-1]

    grant = {**NAMELESS, "client_secret": vault}
    with Loopback(token_answer("anna's"), token_answer("bert's")) as server:
        first = TokenSource(grant_for(server.url, **grant))
        assert first.token().access_token == "anna's"
        assert TokenSource(grant_for(server.url, **grant)).token().access_token == "anna's"
        keys.append("bert's")
        assert first.token().access_token == "anna's", "a handle goes on until its token is due"
        second = TokenSource(grant_for(server.url, **grant))
        assert [second.token().access_token for _ in range(2)] == ["bert's"] * 2
        keys.append("anna's")
        assert TokenSource(grant_for(server.url, **grant)).token().access_token == "anna's"
        assert len(server.received) == 2


def test_a_handle_asks_for_whom_the_environment_names_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handle that outlives a change of its environment renews for the new tenant, and leaves the old one's token."""
    ahead = [0.0]

    def clock() -> float:
        return time.time() + ahead[0]

    monkeypatch.setenv("TENANT", "anna")
    with Loopback(token_answer("anna's"), token_answer("bert's"), token_answer("anna's next")) as server:
        grant = grant_for(server.url, headers={"X-Tenant": Env("TENANT")})
        source = TokenSource(grant, clock=clock)
        assert source.token().access_token == "anna's"
        monkeypatch.setenv("TENANT", "bert")
        ahead[0] = 3700.0
        assert source.token().access_token == "bert's"
        assert TokenSource(grant, clock=clock).token().access_token == "bert's"
        monkeypatch.setenv("TENANT", "anna")
        assert TokenSource(grant, clock=clock).token().access_token == "anna's next"
        assert [request.headers["x-tenant"] for request in server.received] == ["anna", "bert", "anna"]


def test_a_handle_joins_who_asks_for_its_new_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two handles whose key turns out to be one wait for one token request, and share its refusal."""
    release = threading.Event()

    def held(_: object) -> Answer:
        assert release.wait(10)
        return token_answer("one")

    with Loopback(held) as server:
        grants = [grant_for(server.url, **{**NAMELESS, "client_secret": vault}) for vault in (lambda: "k", lambda: "k")]
        monkeypatch.setattr("oauth_cc_auth._life.key.Same", lambda _: "one vault")
        sources = [TokenSource(grant) for grant in grants]
        sources[1]._serving.live = type(sources[1]._serving.live)()
        results: list[str] = []
        threads = [threading.Thread(target=lambda it=it: results.append(it.token().access_token)) for it in sources]
        for thread in threads:
            thread.start()
        while not server.received:
            time.sleep(0.01)
        time.sleep(0.05)
        release.set()
        for thread in threads:
            thread.join(10)
        assert results == ["one", "one"]
        assert len(server.received) == 1

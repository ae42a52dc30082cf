"""Who shares a token, as a property: pairs of callers that differ in one thing, in memory and through every store.

What differs reaches the wire or shapes the answer: then there are two tokens. Or it does neither: then there is one.
"""

from __future__ import annotations

import itertools
import json
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import pytest
import requests
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from redis_server import RedisServer, shared_redis

from oauth_cc_auth import (
    ClientCredentials,
    EncryptedStore,
    Env,
    File,
    FileStore,
    IssuanceLimit,
    KeyringStore,
    MemoryStore,
    RedisStore,
    RequestFormat,
    ResourceServer,
    ResponseFormat,
    TokenSource,
    forget_all,
)
from oauth_cc_auth._grant import hashes
from oauth_cc_auth._http import sender
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse

__all__ = ["shared_redis"]


def guid() -> str:
    """Make a header's value."""
    return "guid"


def other_guid() -> str:
    """Make another."""
    return "other guid"


def prove(client_id: str, secret: str) -> dict[str, str]:
    """Prove a client in a way of its own."""
    return {"X-Proof": f"{client_id}:{len(secret)}"}


def prove_by_key(client_id: str, secret: str) -> dict[str, str]:
    """Prove a client that has a key alone."""
    return {"X-Key": f"{client_id}{len(secret)}"}


def an_hour(_: dict[str, Any]) -> float:
    """Tell a lifetime."""
    return 3600.0


# Few letters, so that two that differ often share all of their letters.
TEXT = st.text("ab:", min_size=1, max_size=3)
WORD = st.text("ab", min_size=1, max_size=3)
SEVERAL = st.one_of(WORD, st.lists(WORD, min_size=1, max_size=3))
# What may be said in each field of a grant that counts.
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "client_id": WORD,
    "client_secret": TEXT,
    "token_endpoint": WORD.map(lambda path: f"https://as.example.com/{path}"),
    "token_endpoint_auth_method": st.sampled_from(["client_secret_post", "client_secret_basic", prove]),
    "issuer": WORD.map(lambda path: f"https://as.example.com/{path}"),
    "scope": st.one_of(WORD, st.lists(WORD, min_size=1, max_size=3)),
    "audience": SEVERAL,
    "resource": SEVERAL,
    "parameters": st.dictionaries(WORD, SEVERAL, max_size=3),
    "headers": st.dictionaries(
        WORD.map(lambda name: f"X-{name}"),
        st.one_of(TEXT, st.sampled_from([guid, other_guid, Env("TENANT")])),
        max_size=3,
    ),
    "grant_type": st.one_of(st.none(), WORD),
    "default_lifetime": st.integers(1, 3).map(float),
    "token_request": st.builds(
        RequestFormat,
        st.sampled_from(["POST", "GET"]),
        body=st.sampled_from(["form", "json", None]),
        query=st.sampled_from([(), ("scope",), ("scope", "resource")]),
        names=st.dictionaries(st.sampled_from(["scope", "resource"]), WORD, max_size=2),
        scope_separator=st.sampled_from([" ", ","]),
    ),
    "token_response": st.builds(
        ResponseFormat,
        access_token=st.sampled_from(["access_token", "id_token", "data.token"]),
        expires_in=st.sampled_from(["expires_in", "lifetime", None, an_hour]),
        seconds=st.sampled_from([1.0, 60.0]),
        headers=st.sampled_from([(), ("x",)]),
    ),
}
ALWAYS = ("client_id", "client_secret", "token_endpoint", "token_endpoint_auth_method")


@dataclass(frozen=True)
class Caller:
    """What decides whose token a caller gets: a grant, its environment, and the session that is lent."""

    said: dict[str, Any]
    tenant: str = "t"
    reads: str = ""  # "Env" or "File": where the name of the tenant stands, which a header tells
    headers: dict[str, str] | None = None
    certificate: str | None = None
    how: dict[str, Any] = field(default_factory=dict)

    def grant(self, folder: Path | None = None) -> ClientCredentials:
        """Return the grant."""
        said = dict(self.said)
        if self.reads and folder is not None:
            (folder / "tenant").write_text(self.tenant)
            tenant = Env("TENANT") if self.reads == "Env" else File(folder / "tenant")
            said["headers"] = {**said.get("headers", {}), "X-Tenant": tenant}
        return ClientCredentials(**said)

    def source(self, store: Any, folder: Path) -> TokenSource:
        """Return the source of this caller's token."""
        os.environ["TENANT"] = self.tenant
        session = None
        if self.headers is not None or self.certificate is not None:
            session = requests.Session()
            session.headers.update(self.headers or {})
        if session is not None and self.certificate is not None:
            path = folder / f"{os.urandom(4).hex()}.pem"  # on each machine at another place
            path.write_text(self.certificate)
            session.cert = (str(path), "key")
        return TokenSource(self.grant(folder), store=store, session=session, **self.how)


@st.composite
def callers(draw: st.DrawFn) -> Caller:
    """Draw a caller."""
    return Caller({name: draw(FIELDS[name]) for name in FIELDS if name in ALWAYS or draw(st.booleans())}, draw(WORD))


def without(caller: Caller, name: str) -> Caller:
    """Return a caller that does not say this."""
    return replace(caller, said={each: value for each, value in caller.said.items() if each != name})


def is_another(one: ClientCredentials, other: ClientCredentials, name: str) -> bool:
    """Tell whether a field of two grants is sent differently."""
    mine, theirs = getattr(one, name), getattr(other, name)
    if name == "headers":
        return {key.lower(): value for key, value in mine.items()} != {key.lower(): theirs[key] for key in theirs}
    return bool(mine != theirs)


NAMELESS = {"client_id": None, "client_secret": Env("TENANT"), "token_endpoint_auth_method": prove_by_key}


@st.composite
def differing(draw: st.DrawFn) -> tuple[Caller, Caller]:
    """Draw two callers that differ in one thing that the token request says, or that shapes its answer."""
    one = draw(callers())
    what = draw(st.sampled_from([*FIELDS, "Env", "File", "key", "header", "certificate"]))
    if what in FIELDS:
        other = replace(one, said={**one.said, what: draw(FIELDS[what])})
        if what not in ALWAYS and draw(st.booleans()):
            other = without(one, what)
        assume(is_another(one.grant(), other.grant(), what))
        return one, other
    first, second = draw(st.lists(WORD, min_size=2, max_size=2, unique=True))
    if what in ("Env", "File"):
        return replace(one, tenant=first, reads=what), replace(one, tenant=second, reads=what)
    if what == "key":
        one = replace(one, said={**one.said, **NAMELESS})
        return replace(one, tenant=first), replace(one, tenant=second)
    if what == "header":
        return replace(one, headers={"X-Of-Session": first}), replace(one, headers={"X-Of-Session": second})
    return replace(one, certificate=first), replace(one, certificate=second)


def reordered(value: Any) -> Any:
    """Return the same in another order, or in another form."""
    if isinstance(value, dict):
        return dict(reversed([(name, reordered(each)) for name, each in value.items()]))
    return value[0] if isinstance(value, list) and len(value) == 1 else value


# What a grant may say, or how it may be said, without another token.
UNHEARD: dict[str, Callable[[Caller], Caller]] = {
    "resource_server": lambda it: replace(it, said={**it.said, "resource_server": ResourceServer("https://x.example")}),
    "revocation": lambda it: replace(it, said={**it.said, "revocation_endpoint": "https://x.example/revoke"}),
    "issuance_limit": lambda it: replace(it, said={**it.said, "issuance_limit": IssuanceLimit(9, 60.0)}),
    "insecure": lambda it: replace(it, said={**it.said, "allow_insecure_http": True}),
    "timeout": lambda it: replace(it, how={"timeout": 3.0}),
    "order": lambda it: replace(it, said=reordered(it.said)),
    "scope": lambda it: replace(it, said={**it.said, "scope": str(it.grant().scope or "").split()}),
    "nothing": lambda it: it,
}


@st.composite
def alike(draw: st.DrawFn) -> tuple[Caller, Caller]:
    """Draw two callers that differ in nothing that the token request says, nor in what shapes its answer."""
    one = draw(callers())
    return one, UNHEARD[draw(st.sampled_from(sorted(UNHEARD)))](one)


class Keyring(keyring.backend.KeyringBackend):
    """A desktop's keyring."""

    priority = 1

    def __init__(self) -> None:
        """Begin empty."""
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """Return the entry."""
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep the entry."""
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Remove the entry."""
        if self.entries.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError


class Server:
    """An authorization server that gives each request a token of its own."""

    def __init__(self) -> None:
        """Begin with the first."""
        self._numbers = itertools.count()

    def sender_for(self, session: Any, *_: Any) -> Any:
        """Return what sends a token request to this server."""
        numbers = self._numbers

        class Sender:
            lent = session

            def __call__(self, request: HttpRequest, timeout: float) -> HttpResponse:
                token = f"token-{next(numbers)}"
                answer = {"access_token": token, "id_token": token, "data": {"token": token}, "expires_in": 3600}
                return HttpResponse(200, {"content-type": "application/json"}, json.dumps(answer).encode())

        return Sender()


@pytest.fixture
def place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shared_redis: RedisServer
) -> Iterator[dict[str, Callable[[], Any]]]:
    """Return what makes each kind of store, over a server that gives tokens, without the 50 ms of a slow hash."""
    monkeypatch.setattr(sender, "sender_for", Server().sender_for)
    monkeypatch.setattr(
        hashes, "slow_hash", lambda secret, salt: f"{hashes.fingerprint(secret).hex()[:16]}{salt.hex()}"
    )
    monkeypatch.setenv("TENANT", "")
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    number, secret = itertools.count(), Fernet.generate_key()

    def folder() -> Path:
        return tmp_path / f"store {next(number)}"

    def namespace() -> str:
        return f"n{next(number)}"

    yield {
        "memory": lambda: None,
        "MemoryStore": MemoryStore,
        "FileStore": lambda: FileStore(folder()),
        "RedisStore": lambda: RedisStore(shared_redis.url, namespace=namespace()),
        "KeyringStore": lambda: KeyringStore(service=namespace()),
        "EncryptedStore over files": lambda: EncryptedStore(FileStore(folder()), [secret]),
        "EncryptedStore over Redis": lambda: EncryptedStore(
            RedisStore(shared_redis.url, namespace=namespace()), [secret]
        ),
    }
    keyring.set_keyring(before)


STORES = [
    *("memory", "MemoryStore", "FileStore", "RedisStore", "KeyringStore"),
    *("EncryptedStore over files", "EncryptedStore over Redis"),
]
PLENTY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much])


def tokens(pair: tuple[Caller, Caller], store: Any, folder: Path) -> list[str]:
    """Return the tokens of both callers and of the first again; with a store, each in a process of its own."""
    forget_all()
    got = []
    for caller in (*pair, pair[0]):
        got.append(caller.source(store, folder).token().access_token)
        if store is not None:
            forget_all()
    return got


@PLENTY
@given(pair=differing(), kind=st.sampled_from(STORES))
def test_two_that_differ_have_two_tokens(
    pair: tuple[Caller, Caller], kind: str, place: dict[str, Callable[[], Any]], tmp_path: Path
) -> None:
    """Whatever reaches the wire or shapes the answer makes another token, in memory and through every store."""
    first, second, again = tokens(pair, place[kind](), tmp_path)
    assert first != second
    in_memory_by_session = kind == "memory" and (pair[0].headers is not None or pair[0].certificate is not None)
    assert again == first or in_memory_by_session, "and each finds its own again"


@PLENTY
@given(pair=alike(), kind=st.sampled_from(STORES))
def test_two_that_say_the_same_have_one_token(
    pair: tuple[Caller, Caller], kind: str, place: dict[str, Callable[[], Any]], tmp_path: Path
) -> None:
    """What neither reaches the wire nor shapes the answer makes no other token, in memory and through every store."""
    assert len(set(tokens(pair, place[kind](), tmp_path))) == 1


@PLENTY
@given(caller=callers(), kind=st.sampled_from(STORES[1:]))
def test_another_process_finds_the_token(
    caller: Caller, kind: str, place: dict[str, Callable[[], Any]], tmp_path: Path
) -> None:
    """A pickled grant with another session, of the same headers and certificate, finds the token in a store."""
    one = replace(caller, headers={"X-Of-Session": "x"}, certificate="anna")
    assert len(set(tokens((one, replace(one)), place[kind](), tmp_path))) == 1
    assert pickle.loads(pickle.dumps(one.grant())) == one.grant()

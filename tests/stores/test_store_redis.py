"""Tests of the store in Redis: on a real Redis where the promise is about one, else on a pretended one."""

from __future__ import annotations

import copy
import logging
import multiprocessing
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from loopback import SECRET, TOKEN, Loopback, grant_for, run_together, token_answer
from redis.exceptions import LockNotOwnedError
from redis.lock import Lock
from redis.sentinel import Sentinel
from redis_server import RedisServer, Start, free_port, own_redis, redis_server, shared_redis, start_redis
from timing import eventually

import oauth_cc_auth.stores
from oauth_cc_auth import ConfigurationError, EncryptedStore, RedisStore, Token, TokenSource, TokenStore
from oauth_cc_auth.stores import _redis, _redis_link, _redis_place

__all__ = ["own_redis", "redis_server", "shared_redis", "start_redis"]

HOUR = 3600.0


class PretendedRedis:
    """As much of a client as the store uses, in this process's memory; lives are written down and not kept."""

    def __init__(self) -> None:
        """Begin empty and in order."""
        self.kept: dict[str, bytes] = {}
        self.lives: dict[str, int | None] = {}
        self.asked: list[str] = []
        self.failing: Callable[[], object] = lambda: None
        self._guard = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """GET."""
        with self._command("get"):
            return self.kept.get(name)

    def set(self, name: str, value: str | bytes, *, nx: bool = False, px: int | None = None) -> bool | None:
        """SET, with NX and PX."""
        with self._command("set"):
            if nx and name in self.kept:
                return None
            self.kept[name] = value.encode() if isinstance(value, str) else value
            self.lives[name] = px
            return True

    def eval(self, script: str, numkeys: int, name: str, value: str | bytes, *args: int) -> int:
        """EVAL, of the two scripts that the store uses."""
        with self._command("eval"):
            if self.kept.get(name) != (value.encode() if isinstance(value, str) else value):
                return 0
            if script == Lock.LUA_RELEASE_SCRIPT:
                del self.kept[name]
            else:
                self.lives[name] = args[0]
            return 1

    def _command(self, name: str) -> threading.Lock:
        self.asked.append(name)
        self.failing()
        return self._guard


@pytest.fixture
def pretended() -> PretendedRedis:
    """A pretended client."""
    return PretendedRedis()


@pytest.fixture(params=["pretended", "url", "client", "decoding client"])
def store(request: pytest.FixtureRequest) -> Iterator[RedisStore]:
    """A store of each kind."""
    if request.param == "pretended":
        yield RedisStore(PretendedRedis())  # type: ignore[arg-type]  # of the same shape
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    if request.param == "url":
        yield RedisStore(server.url)
        return
    with redis.Redis(port=server.port, decode_responses=request.param == "decoding client") as client:
        yield RedisStore(client)
        assert client.ping()  # a given client is not closed


def access_token(store: TokenStore, key: str) -> str | None:
    """Return what is loaded under the key."""
    token = store.load(key)
    return None if token is None else token.access_token


def fail() -> None:
    """Fail as a client does whose Redis is not there."""
    raise redis.ConnectionError(f"the password is {SECRET}")


# Keeping tokens


def test_keeps_tokens_by_key(store: RedisStore) -> None:
    """What was saved under a key is loaded under it as it was; the last one wins, and no other key sees it."""
    assert isinstance(store, TokenStore)
    assert store.load("a") is None
    token = Token("1", expires_at=time.time() + HOUR, scope="é", refresh_token="r", extra={"a": [1]})
    store.save("a", token)
    store.save("b", Token("2"))
    assert store.load("a") == token
    store.save("a", Token("3"))
    assert access_token(store, "a") == "3"
    assert access_token(store, "b") == "2"


def test_shows_what_it_holds(redis_server: RedisServer) -> None:
    """A person sees this namespace's entries, those that cannot be read among them, and may delete each."""
    store = RedisStore(redis_server.url)
    store.save("one", Token("word"))
    redis_server.ask("SET", store._name("two"), "rubbish")
    RedisStore(redis_server.url, namespace="another").save("one", Token("word"))
    entries = sorted(store.entries(), key=lambda entry: entry.token is None)
    assert [entry.token and entry.token.access_token for entry in entries] == ["word", None]
    assert [bool(entry.problem) for entry in entries] == [False, True]
    entries[0].remove()
    assert [entry.token for entry in store.entries()] == [None]


def test_discards_what_it_was_told_and_nothing_newer(store: RedisStore) -> None:
    """A token that somebody saved meanwhile is not thrown away."""
    store.discard("a", Token("1"))
    store.save("a", Token("2"))
    store.discard("a", Token("1"))
    assert access_token(store, "a") == "2"
    store.discard("a", Token("2"))
    assert store.load("a") is None


def test_discards_atomically(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that is saved between the look and the deletion stays."""
    client = redis.Redis(port=redis_server.port)
    store, other = RedisStore(client), RedisStore(redis_server.url)
    look = client.get

    def look_and_be_late(name: str) -> Any:
        raw = look(name)
        other.save("a", Token("2"))
        return raw

    monkeypatch.setattr(client, "get", look_and_be_late)
    store.save("a", Token("1"))
    store.discard("a", Token("1"))
    assert access_token(other, "a") == "2"
    client.close()


def test_namespaces_do_not_meet(redis_server: RedisServer) -> None:
    """Every key begins with the namespace, and no namespace sees another's tokens."""
    one, two = RedisStore(redis_server.url, namespace="one"), RedisStore(redis_server.url, namespace="two")
    one.save("a", Token("1"))
    with one.lock("a"):
        assert sorted(redis_server.ask("KEYS", "*")) == [b"one:{a}", b"one:{a}:lock"]
    assert two.load("a") is None


NOW = time.time()


@pytest.mark.parametrize(
    ("token", "seconds"),
    [
        (Token("t", expires_at=NOW + HOUR, obtained_at=NOW), HOUR),
        (Token("t", expires_at=NOW + HOUR, obtained_at=NOW - HOUR), HOUR),
        (Token("t", expires_at=1_000_100.0, obtained_at=1_000_000.0), 100.0),
        (Token("t", expires_at=NOW + 2 * HOUR, obtained_at=NOW + HOUR), HOUR),
        (Token("t", expires_at=1e300, obtained_at=NOW), _redis.LONGEST_LIFE),
        (Token("t", expires_at=NOW - HOUR, obtained_at=NOW), 0.001),
    ],
    ids=["new", "half its life over", "by another clock", "from the future", "for ever and a day", "never alive"],
)
def test_entries_expire_with_the_token(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, token: Token, seconds: float
) -> None:
    """An entry lives as long as its token; where the source has a clock of its own, as long as a new one."""
    client = PretendedRedis()
    monkeypatch.setattr(time, "time", lambda: NOW)
    RedisStore(client).save("a", token)  # type: ignore[arg-type]  # of the same shape
    assert client.lives["oauth-cc-auth:{a}"] == pytest.approx(seconds * 1000)
    RedisStore(redis_server.url).save("a", token)
    time.sleep(0.002)
    left = redis_server.ask("PTTL", "oauth-cc-auth:{a}")
    assert (left > 0) == (seconds > 1)


@pytest.mark.parametrize("token", [Token("t"), Token("t", expires_at=NOW + HOUR, refresh_token="r")])
def test_entries_that_do_not_expire(redis_server: RedisServer, token: Token) -> None:
    """A refresh token outlives its access token, and a token without an expiry is good until it is refused."""
    RedisStore(redis_server.url).save("a", token)
    assert redis_server.ask("TTL", "oauth-cc-auth:{a}") == -1


@pytest.mark.parametrize("rubbish", [b"", b"{", b"\xff", b'{"version": 2}'])
def test_rubbish_is_no_token(pretended: PretendedRedis, caplog: pytest.LogCaptureFixture, rubbish: bytes) -> None:
    """What is no token is ignored, said, not discarded, and replaced by the next token."""
    store = RedisStore(pretended)  # type: ignore[arg-type]  # of the same shape
    pretended.kept["oauth-cc-auth:{a}"] = rubbish
    assert store.load("a") is None
    assert "ignored" in caplog.text
    store.discard("a", Token("1"))
    assert pretended.kept
    store.save("a", Token("1"))
    assert access_token(store, "a") == "1"


# The lock


def test_one_renews_at_a_time(store: RedisStore) -> None:
    """Under one key there is one holder of the lock."""
    inside, most = [], []

    def enter() -> None:
        with store.lock("a"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.001)
            inside.pop()

    assert run_together(*[enter] * 8) == [None] * 8
    assert most == [1] * 8


def test_keys_do_not_wait_for_each_other(store: RedisStore) -> None:
    """Case 18: a slow renewal under one key holds no other key up."""
    with store.lock("a"), store.lock("b"):
        store.save("a", Token("1"))
        assert access_token(store, "a") == "1"


def test_the_lock_gives_up_by_itself(store: RedisStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is stuck behind somebody else gets a TimeoutError, which is no outage, and the lock is as it was."""
    monkeypatch.setattr(store, "_lock_timeout", 0.05)
    with store.lock("a"):
        with pytest.raises(TimeoutError, match="lock"):
            store.lock("a").__enter__()
        assert store.load("a") is None
    with store.lock("a"):
        pass


def test_the_lock_is_given_back_after_a_failure(store: RedisStore) -> None:
    """An exception inside does not lock everybody out."""
    with pytest.raises(KeyError), store.lock("a"):
        raise KeyError
    with store.lock("a"):
        pass


def test_its_holder_keeps_the_lock_alive(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewal that takes longer than the lock's life is still the only one."""
    monkeypatch.setattr(_redis_place, "LIFE_SECONDS", 1.5)
    store = RedisStore(redis_server.url, lock_timeout=0.01)
    with store.lock("a"):
        for _ in range(4):
            time.sleep(0.5)
            with pytest.raises(TimeoutError):
                store.lock("a").__enter__()
    with store.lock("a"):
        pass


@pytest.mark.parametrize("stuck", [True, False], ids=["stuck", "taken away"])
def test_the_lock_is_kept_no_longer_than_it_should(
    pretended: PretendedRedis, monkeypatch: pytest.MonkeyPatch, *, stuck: bool
) -> None:
    """A holder who is stuck, or has lost the lock, stops extending it; a failure to do so is tried again."""
    monkeypatch.setattr(_redis_place, "LIFE_SECONDS", 0.03)
    monkeypatch.setattr(_redis_place, "KEPT_SECONDS", 1.0 if stuck else HOUR)
    store = RedisStore(pretended)  # type: ignore[arg-type]  # of the same shape
    others = set(threading.enumerate())

    def kept() -> bool:
        return any(thread.name == "oauth-cc-auth-redis-lock" for thread in set(threading.enumerate()) - others)

    lock = store.lock("a")
    lock.__enter__()
    pretended.failing = fail
    eventually(lambda: "eval" in pretended.asked)
    assert kept()
    pretended.failing = lambda: None
    if not stuck:
        pretended.kept["oauth-cc-auth:{a}:lock"] = b"somebody else"
    eventually(lambda: pretended.asked.count("eval") >= 2)
    eventually(lambda: not kept())
    with nullcontext() if stuck else pytest.raises(LockNotOwnedError):
        lock.__exit__(None, None, None)


def test_a_late_holder_leaves_the_lock_to_its_next(redis_server: RedisServer) -> None:
    """Who lost the lock is told so, and cannot release it for somebody else."""
    late, other = RedisStore(redis_server.url), RedisStore(redis_server.url)
    lock, others = late.lock("a"), other.lock("a")
    lock.__enter__()
    redis_server.ask("FLUSHALL")
    others.__enter__()
    with pytest.raises(LockNotOwnedError):
        lock.__exit__(None, None, None)
    assert redis_server.ask("EXISTS", "oauth-cc-auth:{a}:lock") == 1
    others.__exit__(None, None, None)
    assert redis_server.ask("EXISTS", "oauth-cc-auth:{a}:lock") == 0


def hold_and_hang(store: RedisStore, held: Any) -> None:
    """Be a process that is killed while it holds the lock."""
    _redis_place.LIFE_SECONDS = 1.0
    with store.lock("a"):
        held.set()
        time.sleep(HOUR)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_the_lock_of_the_dead_expires(redis_server: RedisServer) -> None:
    """A process that is killed while it renews holds the others up for the lock's life, and no longer."""
    fork = multiprocessing.get_context("fork")
    store, held = RedisStore(redis_server.url), fork.Event()
    process = fork.Process(target=hold_and_hang, args=(store, held), daemon=True)
    process.start()
    assert held.wait(10)
    process.kill()
    process.join()
    began_at = time.monotonic()
    with store.lock("a"):
        assert time.monotonic() - began_at < 4  # much less than the lock is waited for


# In a source


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A token endpoint whose tokens live for an hour, each another."""
    numbers = iter(range(1000))
    with Loopback(lambda _: token_answer(f"{TOKEN}-{next(numbers)}")) as running:
        yield running


# A look, the lock with a second look, what is under it, the new token with a message about it, the lock's release.
RENEWAL = ["GET", "SET", "GET", "GET", "SET", "PUBLISH", "EVAL"]


def test_round_trips(own_redis: RedisServer, server: Loopback) -> None:
    """A renewal makes six round trips, also the first on a new connection to a new server; a call makes none."""
    source = TokenSource(grant_for(server.url), store=RedisStore(own_redis.url))
    for _ in range(2):
        with own_redis.heard() as commands:
            token = source.token()
            for _ in range(100):
                assert source.token() is token
        assert [command.split()[0] for command in commands] == RENEWAL
        source.reject(token)
    assert own_redis.ask("INFO", "errorstats") == {}  # nor did it refuse what MONITOR does not tell


def test_sources_share_the_token(redis_server: RedisServer, server: Loopback) -> None:
    """One token for all stores on one Redis; after a refusal, one new token for all."""
    grant = grant_for(server.url)
    sources = [TokenSource(grant, store=RedisStore(redis_server.url)) for _ in range(4)]
    assert len({source.token() for source in sources}) == 1
    for source in sources:
        source.reject(source.token())
    assert len({source.token() for source in sources}) == 1
    assert len(server.received) == 2


def ask_in_child(source: TokenSource, told: Any) -> None:
    """Be a child process: tell the token."""
    told.put(source.token().access_token)


@pytest.mark.usefixtures("full_hashes")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_share_the_token(redis_server: RedisServer, server: Loopback, method: str) -> None:
    """A forked child goes on with a connection of its own; a spawned one gets the store by its URL."""
    context: Any = multiprocessing.get_context(method)
    source, told = TokenSource(grant_for(server.url), store=RedisStore(redis_server.url)), context.Queue()
    first = source.token()
    source.reject(first)
    processes = [context.Process(target=ask_in_child, args=(source, told), daemon=True) for _ in range(2)]
    for process in processes:
        process.start()
    tokens = {told.get(timeout=30) for _ in processes} | {source.token().access_token}
    for process in processes:
        process.join(10)
    # A spawned child knows nothing of the refusal, and may take the refused token from the store before it is replaced.
    assert len(tokens - {first.access_token}) == 1
    assert len(server.received) == 2


def test_nothing_but_the_token_is_in_redis(redis_server: RedisServer, server: Loopback) -> None:
    """Case 37: neither keys nor values hold the client secret; only the value holds the token."""
    with redis_server.heard() as commands:
        token = TokenSource(grant_for(server.url), store=RedisStore(redis_server.url)).token()
    said = "\n".join(commands)
    assert token.access_token in said
    assert SECRET[:12] not in said
    assert [TOKEN in command for command in commands] == [False] * 4 + [True] + [False] * 2


# Outages


def unreachable(request: pytest.FixtureRequest) -> RedisStore:
    """Return a store whose Redis is not there."""
    return RedisStore(f"redis://127.0.0.1:{free_port()}")


def frozen(request: pytest.FixtureRequest) -> RedisStore:
    """Return a store whose Redis answers nothing."""
    server: RedisServer = request.getfixturevalue("own_redis")
    server.freeze()
    return RedisStore(server.url)


def frozen_with_a_patient_client(request: pytest.FixtureRequest) -> RedisStore:
    """Return a store whose Redis answers nothing, and whose client waits for ever."""
    server: RedisServer = request.getfixturevalue("own_redis")
    server.freeze()
    client = redis.Redis(port=server.port, socket_timeout=None)
    request.addfinalizer(client.close)
    request.addfinalizer(server.kill)
    return RedisStore(client)


def full(request: pytest.FixtureRequest) -> RedisStore:
    """Return a store whose Redis has no memory left."""
    server: RedisServer = request.getfixturevalue("own_redis")
    server.ask("CONFIG", "SET", "maxmemory", "1")
    return RedisStore(server.url)


def locked_out(request: pytest.FixtureRequest) -> RedisStore:
    """Return a store whose Redis wants a password."""
    server: RedisServer = request.getfixturevalue("own_redis")
    server.ask("CONFIG", "SET", "requirepass", "right")
    return RedisStore(f"redis://:{SECRET[:12]}@127.0.0.1:{server.port}")


@pytest.mark.parametrize("outage", [unreachable, frozen, frozen_with_a_patient_client, full, locked_out])
def test_an_outage_costs_a_short_wait_and_a_warning(
    request: pytest.FixtureRequest,
    server: Loopback,
    caplog: pytest.LogCaptureFixture,
    outage: Callable[[pytest.FixtureRequest], RedisStore],
) -> None:
    """The call goes on with a token request of its own, after 2 s at most; for the next ones nothing is waited for."""
    source = TokenSource(grant_for(server.url), store=outage(request))
    caplog.set_level(logging.WARNING)
    for limit in (_redis_link.ANSWER_SECONDS + 1.5, _redis_link.ANSWER_SECONDS / 2):
        caplog.clear()
        began_at = time.monotonic()
        token = source.token()
        assert time.monotonic() - began_at < limit
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert SECRET[:12] not in caplog.text
        assert TOKEN not in caplog.text
        source.reject(token)
    assert len(server.received) == 2


def test_is_in_use_again_after_a_pause(pretended: PretendedRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure nothing is sent for a while, by any key; then the store works as before."""
    real = time.monotonic
    store = RedisStore(pretended)  # type: ignore[arg-type]  # of the same shape
    store.save("a", Token("1"))
    pretended.failing = fail
    with pytest.raises(redis.ConnectionError):
        store.load("a")
    pretended.failing = lambda: None
    asked = len(pretended.asked)
    operations: tuple[Callable[[], object], ...] = (
        lambda: store.load("b"),
        lambda: store.save("b", Token("2", expires_at=time.time() + HOUR)),
        lambda: store.discard("b", Token("2")),
        lambda: store.lock("b").__enter__(),
    )
    for operation in operations:
        with pytest.raises(redis.ConnectionError, match="failed"):
            operation()
    assert len(pretended.asked) == asked
    monkeypatch.setattr(time, "monotonic", lambda: real() + _redis_link.PAUSE_SECONDS)
    assert access_token(store, "a") == "1"


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_refresh_token_is_worth_another_try(pretended: PretendedRedis, *, encrypted: bool) -> None:
    """A refresh token is sent also while nothing else is: the server may have made it the only one that is good."""
    inner = RedisStore(pretended)  # type: ignore[arg-type]  # of the same shape
    store = EncryptedStore(inner, Fernet.generate_key()) if encrypted else inner
    pretended.failing = fail
    with pytest.raises(redis.ConnectionError):
        store.load("a")
    pretended.failing = lambda: None
    store.save("a", Token("1", expires_at=time.time() + HOUR, refresh_token="r"))
    assert access_token(store, "a") == "1"


def test_a_try_in_vain_makes_the_pause_no_longer(pretended: PretendedRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many refresh tokens wait to be saved, the others wait for one pause, and none of them is sent in it."""
    real, ahead = time.monotonic, 0.0
    monkeypatch.setattr(time, "monotonic", lambda: real() + ahead)
    store = RedisStore(pretended)  # type: ignore[arg-type]  # of the same shape
    pretended.failing = fail
    with pytest.raises(redis.ConnectionError):
        store.load("a")
    ahead = _redis_link.PAUSE_SECONDS / 2
    with pytest.raises(redis.ConnectionError, match="password"):
        store.save("a", Token("1", refresh_token="r"))
    with pytest.raises(redis.ConnectionError, match="failed"):
        store.load("a")
    assert pretended.asked == ["get", "set"]
    pretended.failing = lambda: None
    ahead = _redis_link.PAUSE_SECONDS
    assert store.load("a") is None


@pytest.mark.parametrize(
    "error",
    [
        redis.exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
        redis.exceptions.ReadOnlyError("You can't write against a read only replica."),
        redis.exceptions.BusyLoadingError("Redis is loading the dataset in memory"),
        redis.exceptions.MasterDownError("Link with MASTER is down"),
        redis.exceptions.ClusterDownError("The cluster is down"),
        redis.exceptions.NoPermissionError("this user has no permissions to run the 'get' command"),
        redis.ResponseError("MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk."),
        redis.ResponseError("NOREPLICAS Not enough good replicas to write."),
    ],
    ids=lambda error: str(error).split()[0],
)
def test_what_fails_for_all_keys_is_an_outage(pretended: PretendedRedis, error: Exception) -> None:
    """Also an error that Redis answers with begins a pause, if it is about the server."""

    def answer() -> None:
        raise error

    store = RedisStore(pretended)  # type: ignore[arg-type]  # of the same shape
    pretended.failing = answer
    with pytest.raises(type(error)):
        store.load("a")
    with pytest.raises(redis.ConnectionError, match="failed"):
        store.load("b")
    assert pretended.asked == ["get"]


@pytest.mark.parametrize("decodes", [False, True])
@pytest.mark.parametrize("foreign", [("LPUSH", "x"), ("SET", "\udcff")], ids=["a list", "no text"])
def test_somebody_elses_value_is_no_outage(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture, foreign: tuple[str, str], *, decodes: bool
) -> None:
    """What another program put under one key is a miss with a warning, stays, and keeps no other key waiting."""
    command, value = foreign
    redis_server.ask(command, "oauth-cc-auth:{a}", value.encode(errors="surrogateescape"))
    with redis.Redis(port=redis_server.port, decode_responses=decodes) as client:
        store = RedisStore(client)
        store.save("b", Token("2", expires_at=time.time() + HOUR))
        assert store.load("a") is None
        assert "ignored" in caplog.text
        assert access_token(store, "b") == "2"
        store.discard("a", Token("1"))
        assert redis_server.ask("EXISTS", "oauth-cc-auth:{a}") == 1
        store.save("a", Token("1"))
        assert access_token(store, "a") == "1"


def test_a_value_that_becomes_somebody_elses_is_no_outage(redis_server: RedisServer) -> None:
    """Where a script meets the foreign value, its own operation fails, and no other."""
    store = RedisStore(redis_server.url)
    lock = store.lock("a")
    lock.__enter__()
    redis_server.ask("DEL", "oauth-cc-auth:{a}:lock")
    redis_server.ask("LPUSH", "oauth-cc-auth:{a}:lock", "x")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        lock.__exit__(None, None, None)
    assert store.load("b") is None


def test_comes_back_empty(redis_server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """A Redis that loses everything during a renewal loses no call: one warning, and the token is saved."""

    def empty(_: object) -> Any:
        redis_server.ask("FLUSHALL")
        redis_server.ask("SCRIPT", "FLUSH")
        return token_answer()

    with Loopback(empty) as server:
        source = TokenSource(grant_for(server.url), store=RedisStore(redis_server.url))
        assert source.token().access_token == TOKEN
    (warning,) = (record.message for record in caplog.records if record.levelno >= logging.WARNING)
    assert warning.startswith("127.0.0.1: the token store failed to unlock (LockNotOwnedError); going on without ")
    assert len(redis_server.ask("KEYS", "*")) == 1


def test_idle_connections_are_not_trusted(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two renewals a firewall may have forgotten the connection: it is made anew, where the client is ours."""
    store = RedisStore(redis_server.url)
    numbers = []
    for idle in (_redis_link.IDLE_SECONDS, _redis_link.IDLE_SECONDS, 0.0):
        monkeypatch.setattr(_redis_link, "IDLE_SECONDS", idle)
        store.load("a")
        numbers.append(store._link.client.client_id())
    assert numbers[0] == numbers[1] < numbers[2]


# Redis in its other forms


def test_a_user_of_its_own(own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rights that the documentation names are enough, and the password is not shown."""
    monkeypatch.setattr(_redis_place, "LIFE_SECONDS", 0.6)
    rights = "~oauth-cc-auth:* &oauth-cc-auth:* +get +set +del +incr +pexpire +eval +publish +subscribe"
    own_redis.ask("ACL", "SETUSER", "tokens", "on", f">{SECRET[:12]}", *rights.split())
    store = RedisStore(f"redis://tokens:{SECRET[:12]}@127.0.0.1:{own_redis.port}")
    with store.lock("a"):
        store.save("a", Token("1"))
        time.sleep(0.35)  # the lock is extended after a third of its life
    store.discard("a", Token("1"))
    assert store.load("a") is None
    assert own_redis.ask("ACL", "LOG") == []
    assert SECRET[:12] not in repr(store)


def check(store: RedisStore) -> None:
    """See that a store works."""
    with store.lock("a"):
        store.save("a", Token("1", expires_at=time.time() + HOUR))
        assert access_token(store, "a") == "1"
    store.discard("a", Token("1"))
    assert store.load("a") is None


def test_cluster(start_redis: Start) -> None:
    """A client of a cluster does."""
    server = start_redis("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    server.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    give_up_at = time.monotonic() + 10
    while b"cluster_state:ok" not in server.ask("CLUSTER", "INFO") and time.monotonic() < give_up_at:
        time.sleep(0.05)
    with redis.RedisCluster(host="127.0.0.1", port=server.port) as client:
        check(RedisStore(client))


def test_sentinel(start_redis: Start, tmp_path: Path) -> None:
    """A client that a Sentinel sends to its master does."""
    settings = tmp_path / "sentinel.conf"
    settings.write_text(f"sentinel monitor main 127.0.0.1 {start_redis().port} 1")
    address = ("127.0.0.1", start_redis(str(settings), "--sentinel").port)
    sentinel = Sentinel([address])  # type: ignore[no-untyped-call]  # the library has no types here
    with sentinel.master_for("main") as client:  # type: ignore[no-untyped-call]  # the library has no types here
        check(RedisStore(client))
    for asked in sentinel.sentinels:
        asked.close()


def test_tls(start_redis: Start, tmp_path: Path) -> None:
    """TLS does, by URL or by client, and a certificate that nobody vouches for is refused."""
    certificate, key = certified(tmp_path)
    port = free_port()
    files = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-auth-clients", "no")
    start_redis("--tls-port", str(port), *files)
    check(RedisStore(f"rediss://127.0.0.1:{port}?ssl_ca_certs={certificate}"))
    with redis.Redis(port=port, host="127.0.0.1", ssl=True, ssl_ca_certs=str(certificate)) as client:
        check(RedisStore(client))
    with pytest.raises(redis.ConnectionError, match="certificate"):
        RedisStore(f"rediss://127.0.0.1:{port}").load("a")


def certified(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for loopback that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")]), datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(hours=1))
    loopback = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    builder = builder.add_extension(loopback, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "certificate.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(encoding))
    (folder / "key.pem").write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))
    return folder / "certificate.pem", folder / "key.pem"


# How it is made


def test_async_clients_are_refused() -> None:
    """A store works in a thread: an async client cannot serve it."""
    cases: list[Any] = [redis.asyncio.Redis, redis.asyncio.RedisCluster]
    for kind in cases:
        with pytest.raises(ConfigurationError, match="url_or_client is an async client"):
            RedisStore(kind(host="127.0.0.1"))


def test_a_wrong_argument_is_named() -> None:
    """What is neither a URL nor a client is refused at construction."""
    cases: list[Any] = [None, 5, {}, "", "127.0.0.1:6379", "http://127.0.0.1"]
    for nonsense in cases:
        with pytest.raises(ConfigurationError, match="url_or_client"):
            RedisStore(nonsense)


def test_a_wrong_namespace_is_refused() -> None:
    """A namespace is a text: an empty one would not keep anybody apart."""
    cases: list[Any] = [None, 5, b"n", ""]
    for nonsense in cases:
        with pytest.raises(ConfigurationError, match="namespace"):
            RedisStore("redis://127.0.0.1", namespace=nonsense)


def test_a_wrong_lock_timeout_is_refused() -> None:
    """A wait is a number of seconds."""
    cases: list[Any] = [None, True, 0, -1.0, float("nan"), "21"]
    for nonsense in cases:
        with pytest.raises(ConfigurationError, match="lock_timeout"):
            RedisStore("redis://127.0.0.1", lock_timeout=nonsense)


def test_a_wrong_url_is_not_quoted() -> None:
    """A URL may hold a password, so the error does not repeat it, nor do those behind it."""
    cases: list[str] = [f"redis://:{SECRET[:9]}/x@host", f"{SECRET}@host", f"redis://h?db={SECRET[:9]}"]
    for url in cases:
        with pytest.raises(ConfigurationError) as caught:
            RedisStore(url)
        assert SECRET[:9] not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (f"redis://user:{SECRET[:9]}@cache.example.com:6380/1", "cache.example.com:6380"),
        (f"rediss://cache.example.com?password={SECRET[:9]}", "cache.example.com:6379"),
        (f"unix:///run/redis.sock?password={SECRET[:9]}", "/run/redis.sock"),
        ("redis://", "localhost:6379"),
    ],
)
def test_shows_where_and_no_password(url: str, place: str) -> None:
    """The repr says where the tokens are, and not how to get there."""
    store = RedisStore(url, namespace="n")
    assert repr(store) == f"<RedisStore on {place}, namespace 'n'>"
    assert repr(EncryptedStore(store, Fernet.generate_key())) == f"EncryptedStore({store!r})"


def pickled(store: RedisStore) -> RedisStore:
    """Return what is left after a journey through pickle."""
    back: RedisStore = pickle.loads(pickle.dumps(store))
    return back


@pytest.mark.parametrize("travel", [copy.copy, copy.deepcopy, pickled])
def test_travels_by_url(redis_server: RedisServer, travel: Callable[[RedisStore], RedisStore]) -> None:
    """A copy or a pickle is a store on the same Redis, with a connection of its own and no token in it."""
    store = RedisStore(redis_server.url, namespace="n", lock_timeout=0.01)
    store.save("a", Token(TOKEN))
    back = travel(store)
    assert access_token(back, "a") == TOKEN
    with store.lock("a"), pytest.raises(TimeoutError):
        back.lock("a").__enter__()
    assert TOKEN.encode() not in pickle.dumps(store)


def test_a_copy_shares_a_given_client(pretended: PretendedRedis) -> None:
    """A store that was given a client hands it on to its copy, and says that it was given one."""
    store = RedisStore(pretended)  # type: ignore[arg-type]  # of the same shape
    store.save("a", Token("1"))
    assert access_token(copy.copy(store), "a") == "1"
    assert repr(store) == "<RedisStore on a given client, namespace 'oauth-cc-auth'>"


def test_says_which_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without redis-py the name can be had no more than the library, and the error says how to install it."""
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, _redis.__name__)
    monkeypatch.delattr(oauth_cc_auth, "RedisStore")
    monkeypatch.delattr(oauth_cc_auth.stores, "RedisStore")
    with pytest.raises(ImportError, match=r'pip install "oauth-cc-auth\[redis\]"'):
        _ = oauth_cc_auth.RedisStore


def test_costs_nothing_unless_it_is_used() -> None:
    """The package, its stores and its doors import no redis-py."""
    program = "import sys, oauth_cc_auth.requests, oauth_cc_auth.stores; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603 - our own

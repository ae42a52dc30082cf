"""Several workers on Redis as it is run: with and without listeners, scripts and rights, in a cluster, in a failover.

Each worker is a thread with a source and a store of its own, whose client is its own too.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from loopback import TOKEN, Answer, Loopback, Received, grant_for, run_together, token_answer
from redis.sentinel import Sentinel
from redis_server import RedisServer, Start, free_port, own_redis, redis_server, shared_redis, start_redis
from timing import HUNG, eventually

from oauth_cc_auth import RedisStore, Token, TokenSource
from oauth_cc_auth.stores import _line, _redis_link, _redis_place
from oauth_cc_auth.stores._redis_link import Bell, Link

__all__ = ["own_redis", "redis_server", "shared_redis", "start_redis"]

WORKERS = 8


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A token endpoint that takes a while; each token is another."""
    numbers = iter(range(1000))

    def slowly(_: Received) -> Answer:
        time.sleep(0.3)
        return token_answer(f"{TOKEN}-{next(numbers)}")

    with Loopback(slowly) as running:
        yield running


def tokens_of(server: Loopback, *stores: RedisStore) -> list[Any]:
    """Let a source for each store ask at once."""
    sources = [TokenSource(grant_for(server.url), store=store) for store in stores]
    return run_together(*[source.token for source in sources])


def check(server: Loopback, *stores: RedisStore) -> None:
    """See that all get the one token for which one token request was made."""
    before = len(server.received)
    tokens = tokens_of(server, *stores)
    assert len({token.access_token for token in tokens}) == 1
    assert len(server.received) == before + 1


@contextmanager
def clients(count: int, make: Callable[[], Any]) -> Iterator[list[RedisStore]]:
    """Yield as many stores, each with a client of its own."""
    with ExitStack() as stack:
        yield [RedisStore(stack.enter_context(make())) for _ in range(count)]


def test_by_url(redis_server: RedisServer, server: Loopback) -> None:
    """Stores of one URL share two connections in a process, and get the token as soon as it is saved."""
    stores = [RedisStore(redis_server.url) for _ in range(WORKERS)]
    assert len({id(store._link) for store in stores}) == 1
    check(server, *stores)
    eventually(lambda: redis_server.ask("PUBSUB", "CHANNELS", "*") == [])


def test_by_client(redis_server: RedisServer, server: Loopback) -> None:
    """Stores with clients of their own share the token too, woken by what the first saves."""
    with clients(WORKERS, lambda: redis.Redis(port=redis_server.port)) as stores:
        began = time.monotonic()
        check(server, *stores)
        assert time.monotonic() - began < _redis_place.LISTENING.first / 2 + 0.3, "nobody waited for the next try"


def test_text_from_a_client(redis_server: RedisServer, server: Loopback) -> None:
    """A client that decodes answers is woken as well."""
    with clients(WORKERS, lambda: redis.Redis(port=redis_server.port, decode_responses=True)) as stores:
        check(server, *stores)


@pytest.mark.parametrize("bounded", [redis.BlockingConnectionPool, redis.ConnectionPool])
def test_a_pool_of_one(redis_server: RedisServer, server: Loopback, bounded: Any) -> None:
    """A client with one connection asks instead of listening: the connection is needed for the commands."""

    def make() -> redis.Redis:
        return redis.Redis.from_pool(bounded(port=redis_server.port, max_connections=1))

    with clients(WORKERS, make) as stores:
        assert all(store._link.bell.is_deaf() for store in stores)
        check(server, *stores)


def test_without_messages(own_redis: RedisServer, server: Loopback) -> None:
    """A user who may neither publish nor subscribe waits by asking, and is not asked for that right each time."""
    own_redis.ask("ACL", "SETUSER", "tokens", "on", ">pass", "~*", "+@all", "-publish", "-subscribe", "resetchannels")
    store = RedisStore(f"redis://tokens:pass@127.0.0.1:{own_redis.port}")
    check(server, store, *[RedisStore(f"redis://tokens:pass@127.0.0.1:{own_redis.port}/0") for _ in range(3)])
    for _ in range(3):
        store.save("a", Token("a"))
    refused = {entry[7]: entry[1] for entry in own_redis.ask("ACL", "LOG")}
    assert refused.get(b"publish", 0) <= 2
    assert store._link.bell.is_deaf() or not store._link._tells


@pytest.mark.parametrize("rights", [("-eval",), ("-@scripting",)])
def test_without_scripts(
    own_redis: RedisServer, server: Loopback, caplog: pytest.LogCaptureFixture, rights: tuple[str, ...]
) -> None:
    """Where no script may run, a lock is released and extended in two steps; a warning says so once."""
    own_redis.ask("ACL", "SETUSER", "tokens", "on", ">pass", "~*", "&*", "+@all", *rights)
    url = f"redis://tokens:pass@127.0.0.1:{own_redis.port}"
    with caplog.at_level(logging.WARNING, "oauth_cc_auth"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(_redis_place, "LIFE_SECONDS", 0.3)
        check(server, *[RedisStore(url) for _ in range(WORKERS)])
    assert caplog.text.count("runs no scripts") == 1
    assert own_redis.ask("KEYS", "*:lock") == []
    store = RedisStore(url)
    store.save("a", Token("a"))
    store.discard("a", Token("a"))
    assert store.load("a") is None
    assert not store._link.delete_if_same("nobody", "x")


def test_another_failure_of_a_script_is_a_failure(redis_server: RedisServer) -> None:
    """A script that runs and fails is not taken for one that may not run."""
    store = RedisStore(redis_server.url)
    redis_server.ask("LPUSH", "a list", "x")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        store._link.delete_if_same("a list", "x")


def test_no_more_clients(own_redis: RedisServer, server: Loopback, caplog: pytest.LogCaptureFixture) -> None:
    """Where Redis takes no more connections, calls go on without it; where it has one left, nobody listens."""
    own_redis.ask("CONFIG", "SET", "maxclients", "1")
    held = redis.Redis(port=own_redis.port)
    held.ping()
    tokens = tokens_of(server, *[RedisStore(own_redis.url) for _ in range(3)])
    assert all(token.access_token for token in tokens)
    assert "failed to look and lock (ConnectionError)" in caplog.text
    held.close()


def test_one_connection_left(own_redis: RedisServer, server: Loopback) -> None:
    """The listener that is refused costs nobody the commands' connection."""
    own_redis.ask("CONFIG", "SET", "maxclients", "1")
    stores = [RedisStore(own_redis.url) for _ in range(WORKERS)]
    eventually(lambda: works(stores[0]))  # once those that set it up have gone
    check(server, *stores)
    assert stores[0]._link.bell.is_deaf()


def test_another_programs_value_under_the_key(redis_server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """It is no token: the lock is taken, and what is renewed stays this process's own."""
    redis_server.ask("LPUSH", "oauth-cc-auth:{a}", "x")
    store = RedisStore(redis_server.url)
    with store.load_or_lock("a", lambda _: True) as token:
        assert token is None
        assert redis_server.ask("EXISTS", "oauth-cc-auth:{a}:lock") == 1
    assert "no token of this package" in caplog.text


@pytest.mark.parametrize("command", ["set", "get"])
def test_a_right_that_is_missing(own_redis: RedisServer, command: str) -> None:
    """A user who may not lock, or not look, is told so, and no renewal waits."""
    own_redis.ask("ACL", "SETUSER", "tokens", "on", ">pass", "~*", "&*", "+@all", f"-{command}")
    store = RedisStore(f"redis://tokens:pass@127.0.0.1:{own_redis.port}")
    place = store._place("a", lambda _: True)
    with pytest.raises(redis.exceptions.NoPermissionError), place.reached(lambda: None, lambda: 1, 0.1):
        pass


def test_the_wait_ends_slowly(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the lock stays held, those who wait are counted in Redis, and the first alone goes on at once."""
    counted: list[int] = []

    def brief(place: int) -> float:
        counted.append(place)
        return 0.2 * (place - 1)

    monkeypatch.setattr(_line, "math", SimpleNamespace(log2=brief))
    holder = RedisStore(redis_server.url)
    with holder.lock("a"):
        places: list[float] = []

        def wait() -> None:
            began = time.monotonic()
            with (
                pytest.raises(TimeoutError),
                RedisStore(redis_server.url, lock_timeout=0.2).load_or_lock("a", lambda _: True),
            ):
                pass
            places.append(time.monotonic() - began)

        run_together(*[wait] * 3)
    assert sorted(counted) == [1, 2, 3]
    first, second, third = sorted(places)
    assert (first >= 0.2, second >= 0.4, third >= 0.6) == (True, True, True)
    assert redis_server.ask("GET", "oauth-cc-auth:{a}:overdue") == b"3"
    assert redis_server.ask("PTTL", "oauth-cc-auth:{a}:overdue") > 0


def test_listeners_of_several_keys(redis_server: RedisServer) -> None:
    """One listener hears for all keys; one who joins later is told at once that it may look."""
    link = RedisStore(redis_server.url)._link
    with link.bell.listening("one") as one:
        assert one.wait(HUNG), "it listens"
        with link.bell.listening("one") as again:
            assert again.is_set()
        with link.bell.listening("two") as two:
            assert two.wait(HUNG)
            for event, channel in ((one, "one"), (two, "two")):
                event.clear()
                link.tell(channel)
                assert event.wait(HUNG)
        one.clear()
        link.tell("two")
        assert not one.wait(0.1)
    eventually(lambda: not link.bell._listens)


class Client:
    """A client that cannot listen."""

    def pubsub(self) -> Any:
        """Fail."""
        raise OSError


@pytest.mark.parametrize("client", [Client(), object()])
def test_a_client_that_cannot_listen(client: Any) -> None:
    """Nobody is woken, and nobody waits in vain: it is known to be deaf."""
    bell = Bell(client)
    with bell.listening("one") as event:
        eventually(bell.is_deaf)
        assert not event.is_set()
    eventually(lambda: not bell._listens)


def test_a_listener_at_exit(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no thread can be started, those who wait ask."""
    monkeypatch.setattr(_redis_link, "started", lambda work, name: False)
    client = redis.Redis(port=redis_server.port)
    with Link(client, client, is_ours=False).bell.listening("one") as event:
        assert not event.wait(0.1)


def test_nobody_is_told_in_an_outage(own_redis: RedisServer) -> None:
    """After a failure no message is sent, and a save that got through is none the worse for a message that did not."""
    store = RedisStore(own_redis.url)
    store.save("a", Token("a"))
    own_redis.kill()
    store._link.tell("channel")
    assert not store._link.pause.lasts()
    with pytest.raises(redis.ConnectionError):
        store.load("a")
    store._link.tell("channel")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_child_listens_for_itself(redis_server: RedisServer) -> None:
    """A listener of the parent's is none in the child, and a turn that was held is free there."""
    link = RedisStore(redis_server.url)._link
    held = threading.Thread(target=link._turn.acquire)
    held.start()
    held.join()
    with link.bell.listening("one"):
        _redis_link._start_over_in_child()
        assert link.ask(lambda: 5) == 5
        with link.bell.listening("one") as event:
            assert event.wait(HUNG)


@pytest.mark.endurance
def test_a_cluster_of_three(start_redis: Start, tmp_path: Path, server: Loopback) -> None:
    """The keys of one grant are in one slot, and a save on one node wakes those who listen at another."""
    nodes, buses = [], [str(free_port()) for _ in range(3)]
    for number, bus in enumerate(buses):
        own = ("--cluster-config-file", str(tmp_path / f"node-{number}.conf"), "--cluster-port", bus)
        nodes.append(start_redis("--cluster-enabled", "yes", *own))
    for node, slots in zip(nodes, [("0", "5460"), ("5461", "10922"), ("10923", "16383")], strict=True):
        node.ask("CLUSTER", "ADDSLOTSRANGE", *slots)
    for node, bus in zip(nodes[1:], buses[1:], strict=True):
        nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", str(node.port), bus)
    eventually(lambda: all(b"cluster_known_nodes:3" in node.ask("CLUSTER", "INFO") for node in nodes))
    eventually(lambda: all(b"cluster_state:ok" in node.ask("CLUSTER", "INFO") for node in nodes))
    ports = iter([nodes[number % 3].port for number in range(WORKERS)])
    with clients(WORKERS, lambda: redis.RedisCluster(host="127.0.0.1", port=next(ports))) as stores:
        for number in range(3):
            check(server, *[RedisStore(store._given, f"namespace-{number}") for store in stores])


def works(store: RedisStore) -> bool:
    """Tell whether a store takes a token."""
    try:
        store.save("a", Token("a"))
    except (redis.RedisError, OSError):
        store._link.pause.end()
        return False
    return True


@pytest.mark.endurance
def test_a_failover_in_the_middle(start_redis: Start, tmp_path: Path, server: Loopback) -> None:
    """The master dies while one renews and others wait: no call fails, and all have a token."""
    master = start_redis()
    replica = start_redis("--replicaof", "127.0.0.1", str(master.port))
    settings = tmp_path / "sentinel.conf"
    settings.write_text(
        f"sentinel monitor main 127.0.0.1 {master.port} 1\n"
        "sentinel down-after-milliseconds main 300\nsentinel failover-timeout main 3000\n"
    )
    eventually(lambda: replica.ask("INFO", "replication")["master_link_status"] == "up")
    address = ("127.0.0.1", start_redis(str(settings), "--sentinel").port)
    sentinel = Sentinel([address])  # type: ignore[no-untyped-call]  # the library has no types here
    eventually(lambda: sentinel.discover_slaves("main"))  # type: ignore[no-untyped-call]  # as above
    with clients(4, lambda: sentinel.master_for("main", socket_timeout=1)) as stores:  # type: ignore[no-untyped-call]  # as above
        outcome: list[Any] = []
        crowd = threading.Thread(target=lambda: outcome.extend(tokens_of(server, *stores)))
        crowd.start()
        eventually(lambda: len(server.received) == 1)
        master.kill()
        crowd.join(HUNG)
        assert [bool(token.access_token) for token in outcome] == [True] * 4
        eventually(lambda: replica.ask("INFO", "replication")["role"] == "master")
        for store in stores[:2]:
            store._link.pause.end()
        eventually(lambda: works(stores[0]))
        assert stores[1].load("a") == stores[0].load("a")
    for asked in sentinel.sentinels:
        asked.close()

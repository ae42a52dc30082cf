"""`_life/watch.py`, `Shelf.token_or`: how the queue for a lock is left when the token is there, for any store."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from loopback import run_together
from reports import Spoken
from timing import HUNG, eventually

from oauth_cc_auth import MemoryStore, Token
from oauth_cc_auth._life import watch
from oauth_cc_auth._life.shelf import Shelf
from oauth_cc_auth.errors import TokenEndpointUnavailable

TOKEN, OTHER = Token("a-token"), Token("another")


class Four(MemoryStore):
    """A store with the four methods alone, whose lock belongs to the thread that took it."""

    def __init__(self) -> None:
        """Begin empty and unlocked."""
        super().__init__()
        self.held, self.waiting, self.events = threading.RLock(), 0, list[str]()
        self.trouble: dict[str, Exception] = {}

    def load(self, key: str) -> Token | None:
        """Load, or fail."""
        if "load" in self.trouble:
            raise self.trouble["load"]
        return super().load(key)

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Lock, for this thread."""
        if "lock" in self.trouble:
            raise self.trouble["lock"]
        self.waiting += 1
        with self.held:
            self.events.append("locked")
            yield
            self.events.append("released")


def obtain(store: Any, work: Any, usable: Any = lambda _: True) -> Token:
    """Return what a renewal gets."""
    return Shelf(store, lambda: "key", Spoken()).token_or(usable, lambda token: token, work)


def fail() -> Token:
    """Stand for work that must not be done."""
    raise AssertionError


def test_without_a_store_the_work_is_done() -> None:
    """Nobody shares the token: nothing is looked for."""
    assert obtain(None, lambda: TOKEN) is TOKEN


def test_a_token_that_is_there_is_taken() -> None:
    """Its lock is not asked for."""
    cases: list[Any] = [MemoryStore, Four]
    for store in cases:
        kept = store()
        kept.save("key", TOKEN)
        with kept.lock("key"):
            assert obtain(kept, fail) is TOKEN


def test_the_work_is_done_by_the_thread_that_has_the_lock() -> None:
    """A lock may belong to its thread, and so may a connection: all that needs it is done there."""
    store, threads = Four(), list[int]()

    def work() -> Token:
        threads.append(threading.get_ident())
        assert store.held.acquire(timeout=0)  # as its owner can
        store.held.release()
        store.events.append("worked")
        return TOKEN

    assert obtain(store, work) is TOKEN
    assert store.events == ["locked", "worked", "released"]
    assert threads != [threading.get_ident()]


@pytest.mark.parametrize("store", [MemoryStore, Four])
def test_the_queue_is_left_when_the_token_is_there(store: Any) -> None:
    """A lock that stays held holds nobody up once the token is saved; nothing is done twice."""
    kept, begun = store(), threading.Barrier(9)

    def wait() -> Token:
        begun.wait(HUNG)
        return obtain(kept, fail)

    def save() -> None:
        begun.wait(HUNG)
        time.sleep(0.05)
        kept.save("key", TOKEN)

    with kept.lock("key"):
        found = run_together(*[wait] * 8, save)
    assert found[:8] == [TOKEN] * 8


def test_a_lock_that_comes_too_late_is_given_back() -> None:
    """The thread that still waits for it when the token is there does no work, and releases it at once."""
    store = Four()
    store.held.acquire()
    waiter = threading.Thread(target=lambda: obtain(store, fail))
    waiter.start()
    eventually(lambda: store.waiting == 1)
    store.save("key", TOKEN)
    waiter.join(HUNG)
    assert not waiter.is_alive()
    store.held.release()
    eventually(lambda: store.events == ["locked", "released"])


def test_a_token_that_comes_too_late_changes_nothing() -> None:
    """Where the work has begun, its result counts: the server has issued it."""
    store, begun, go_on = Four(), threading.Event(), threading.Event()

    def work() -> Token:
        begun.set()
        assert go_on.wait(HUNG)
        return OTHER

    found: list[Token] = []
    renewal = threading.Thread(target=lambda: found.append(obtain(store, work)))
    renewal.start()
    assert begun.wait(HUNG)
    store.save("key", TOKEN)
    time.sleep(0.05)
    go_on.set()
    renewal.join(HUNG)
    assert found == [OTHER]


def test_a_turn_that_comes_between_the_look_and_the_leaving() -> None:
    """Who finds the token when the turn has just come waits for the work: it is done already."""
    store = Four()
    turn = watch._Turn(Shelf(store, lambda: "key"), lambda: OTHER)
    turn.run()
    assert not turn.leave()
    assert turn.result.result() is OTHER


def test_what_the_work_raises_is_raised() -> None:
    """And the lock is released."""
    store = Four()

    def work() -> Token:
        raise TokenEndpointUnavailable

    for kept in (store, MemoryStore()):
        with pytest.raises(TokenEndpointUnavailable):
            obtain(kept, work)
        with kept.lock("key"):
            pass


def test_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the interpreter's exit the lock is waited for by the thread that is there."""
    monkeypatch.setattr(watch, "started", lambda work, name: False)
    store = Four()
    assert obtain(store, lambda: TOKEN) is TOKEN
    assert store.events == ["locked", "released"]


def test_a_lock_that_fails_at_once_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    """A broken store never breaks a call: the work is done without the lock, with a warning."""
    store = Four()
    store.trouble["lock"] = TimeoutError()
    began = time.monotonic()
    assert obtain(store, lambda: TOKEN) is TOKEN
    assert time.monotonic() - began < 1
    assert "failed to lock (TimeoutError)" in caplog.text


@pytest.mark.parametrize(("share", "pause"), [(0.0, 6.0), (0.5, 5.0), (1 - 2**-6, 0.0), (1 - 2**-9, 0.0)])
def test_a_lock_that_stays_held_lets_few_go_on(share: float, pause: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those whose wait for the lock is over one in 64 goes on at once, and twice as many with each second."""
    store, paused = Four(), list[float]()
    store.trouble["lock"] = TimeoutError()
    times = iter([0.0, 21.0])
    turn = watch._Turn(Shelf(store, lambda: "key"), lambda: TOKEN)
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    monkeypatch.setattr(random, "random", lambda: share)
    monkeypatch.setattr(turn._left, "wait", paused.append)
    turn.run()
    assert paused == [pytest.approx(pause)]
    assert turn.result.result() is TOKEN


class Fifth(MemoryStore):
    """A store whose fifth method fails in one way or another."""

    def __init__(self, trouble: Exception) -> None:
        """Fail so."""
        super().__init__()
        self.trouble, self.locked = trouble, 0

    def load_or_lock(self, key: str, usable: Any) -> Any:
        """Fail."""
        raise self.trouble

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Count."""
        self.locked += 1
        with super().lock(key):
            yield


@pytest.mark.parametrize(("trouble", "locked"), [(TimeoutError(), 0), (OSError(), 1), (ValueError("secret"), 1)])
def test_a_fifth_method_that_fails(trouble: Exception, locked: int, caplog: pytest.LogCaptureFixture) -> None:
    """One that gave up waiting goes on without the lock; one that is broken is done without, by the lock alone."""
    store = Fifth(trouble)
    with caplog.at_level(logging.WARNING, "oauth_cc_auth"):
        assert obtain(store, lambda: TOKEN) is TOKEN
    assert store.locked == locked
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "secret" not in caplog.text


class Given(MemoryStore):
    """A store whose fifth method gives this, and cannot release its lock."""

    given: Any = None

    @contextmanager
    def load_or_lock(self, key: str, usable: Any) -> Iterator[Any]:
        """Give it if it is usable."""
        yield self.given if usable(self.given) else None
        raise OSError


def test_what_a_fifth_method_gives_is_looked_at(caplog: pytest.LogCaptureFixture) -> None:
    """Rubbish is no token, however usable; and a lock that cannot be released is a warning."""
    store = Given()
    for rubbish in (5, Token(""), None):
        store.given = rubbish
        assert obtain(store, lambda: TOKEN) is TOKEN
    assert caplog.text.count("failed to unlock (OSError)") == 3
    store.given = OTHER
    assert obtain(store, fail) is OTHER


class OwnLock(MemoryStore):
    """A store that takes over everything but the lock."""

    def __init__(self) -> None:
        """Count."""
        super().__init__()
        self.locked = 0

    def lock(self, key: str) -> Any:
        """Count."""
        self.locked += 1
        return super().lock(key)


def test_a_lock_of_a_subclass_is_used() -> None:
    """A subclass that has a lock of its own knows nothing of the fifth method above it."""
    store = OwnLock()
    assert obtain(store, lambda: TOKEN) is TOKEN
    assert store.locked == 1

"""Tests of the protocol of stores, and of the store in memory."""

from __future__ import annotations

import copy
import os
import pickle
import threading
from collections.abc import Callable

import pytest
from loopback import TOKEN, run_together

from oauth_cc_auth import MemoryStore, Token, TokenStore, stores
from oauth_cc_auth.stores import _memory


def pickled(store: MemoryStore) -> MemoryStore:
    """Return what is left after a journey through pickle."""
    back: MemoryStore = pickle.loads(pickle.dumps(store))
    return back


def test_follows_the_protocol() -> None:
    """The store in memory is a TokenStore; a dict is none."""
    assert isinstance(MemoryStore(), TokenStore)
    assert not isinstance({}, TokenStore)


def test_stores_are_found_by_name() -> None:
    """Every store that is listed is a TokenStore; what is not there is an attribute error."""
    for name in stores.__all__:
        assert issubclass(getattr(stores, name), TokenStore)
    with pytest.raises(AttributeError, match="has no attribute 'DiskStore'"):
        stores.DiskStore  # noqa: B018 - it raises


def test_keeps_tokens_by_key() -> None:
    """What was saved under a key is loaded under it, the last one wins, and no other key sees it."""
    store = MemoryStore()
    assert store.load("a") is None
    store.save("a", Token("1"))
    store.save("b", Token("2"))
    store.save("a", Token("3"))
    assert getattr(store.load("a"), "access_token", None) == "3"
    assert getattr(store.load("b"), "access_token", None) == "2"
    assert store.load("c") is None


def test_discards_what_it_was_told_and_nothing_newer() -> None:
    """A token that somebody saved meanwhile is not thrown away."""
    store = MemoryStore()
    store.discard("a", Token("1"))
    store.save("a", Token("2"))
    store.discard("a", Token("1"))
    assert store.load("a") is not None
    store.discard("a", Token("2"))
    assert store.load("a") is None


def test_one_renews_at_a_time() -> None:
    """Under one key there is one holder of the lock."""
    store, inside, most = MemoryStore(), [], []

    def enter() -> None:
        with store.lock("a"):
            inside.append(1)
            most.append(len(inside))
            threading.Event().wait(0.001)
            inside.pop()

    assert run_together(*[enter] * 16) == [None] * 16
    assert most == [1] * 16


def test_keys_do_not_wait_for_each_other() -> None:
    """Case 18: a slow renewal under one key holds no other key up."""
    store = MemoryStore()
    with store.lock("a"), store.lock("b"):
        store.save("a", Token("1"))
        assert store.load("a") is not None


def test_the_lock_gives_up_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is stuck behind somebody else gets a TimeoutError, and the lock is as it was."""
    monkeypatch.setattr(_memory, "LOCK_SECONDS", 0.01)
    store = MemoryStore()
    with store.lock("a"):
        with pytest.raises(TimeoutError, match="lock"):
            store.lock("a").__enter__()
        with pytest.raises(TimeoutError):
            store.lock("a").__enter__()
    with store.lock("a"):
        pass


def test_the_lock_is_given_back_after_a_failure() -> None:
    """An exception inside does not lock everybody out."""
    store = MemoryStore()
    with pytest.raises(KeyError), store.lock("a"):
        raise KeyError
    with store.lock("a"):
        pass


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_does_not_inherit_locks() -> None:
    """Case 26: a lock that a thread of the parent held is free in the child, and the tokens are there."""
    store = MemoryStore()
    store.save("a", Token("1"))
    with store.lock("a"), store._guard:
        child = os.fork()
        if not child:
            try:
                with store.lock("a"):
                    os._exit(0 if store.load("a") == store.load("a") is not None else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0


def test_starting_over_in_a_child() -> None:
    """Case 26: every store begins with new locks, however many there are."""
    kept, other = MemoryStore(), MemoryStore()
    before = (kept._guard, other._guard)
    lock = kept.lock("a")
    lock.__enter__()
    _memory._unlock_in_child()
    assert not {id(kept._guard), id(other._guard)} & {id(guard) for guard in before}
    with kept.lock("a"):
        pass
    lock.__exit__(None, None, None)


def test_tokens_do_not_travel() -> None:
    """Case 26: a copy is an empty store of its own."""
    cases: list[Callable[[MemoryStore], MemoryStore]] = [pickled, copy.copy, copy.deepcopy]
    for travel in cases:
        store = MemoryStore()
        store.save("a", Token(TOKEN))
        back = travel(store)
        assert back.load("a") is None
        assert store.load("a") is not None
        assert TOKEN.encode() not in pickle.dumps(store)


def test_shows_no_token() -> None:
    """Case 37: the repr says how many tokens there are."""
    store = MemoryStore()
    store.save("key", Token(TOKEN))
    assert repr(store) == "<MemoryStore with 1 tokens>"

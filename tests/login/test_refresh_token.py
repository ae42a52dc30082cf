"""Tests of which refresh token of a login is the last, where stores fail, lose a write, or are ahead of memory."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from loopback import Clock
from renewals import NOW, Broken, Recording, Server, login_with, renew, renewed, unsaved

from oauth_cc_auth import InteractionRequired, Token, TokenEndpointUnavailable
from oauth_cc_auth._http.messages import HttpResponse
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._login import unsaved as room
from oauth_cc_auth._login.renewal import LoginRenewal
from oauth_cc_auth._threads import started

__all__ = ["unsaved"]


def spent_at(server: Server) -> list[str]:
    """Return the refresh tokens with which a server was asked."""
    return [form["refresh_token"] for form in server.asked]


def test_a_store_that_cannot_be_read_while_a_token_lives() -> None:
    """Another process may have renewed meanwhile, and an older refresh token would end the login for all: it waits."""
    server, store, clock = Server(), Broken(), Clock(NOW)
    mine, theirs = LiveToken(), LiveToken()
    for live in (mine, theirs):
        renewed(live, login_with(server, clock), store)
    clock.now += 3000
    renewed(theirs, login_with(server, clock), store)
    store.broken = ("load",)
    with pytest.raises(TokenEndpointUnavailable, match="store"):
        renew(mine, login_with(server, clock), store)
    store.broken = ()
    clock.now += 1
    assert renew(mine, login_with(server, clock), store).refresh_token == "refresh 2"
    assert spent_at(server) == ["first", "refresh 1"]


def test_a_store_that_cannot_be_locked_while_a_token_lives() -> None:
    """Two that renew at once end the login: what the store has is taken, but nobody asks until there is a lock."""
    server, store, clock = Server(), Broken(), Clock(NOW)
    mine, theirs = LiveToken(), LiveToken()
    for live in (mine, theirs):
        renewed(live, login_with(server, clock), store)
    clock.now += 3000
    store.broken = ("lock",)
    with pytest.raises(TokenEndpointUnavailable, match="store"):
        renew(mine, login_with(server, clock), store)
    store.broken = ()
    renewed(theirs, login_with(server, clock), store)
    store.broken = ("lock",)
    clock.now += 1
    assert renew(mine, login_with(server, clock), store).refresh_token == "refresh 2"
    assert spent_at(server) == ["first", "refresh 1"]


def test_a_broken_store_breaks_no_call() -> None:
    """Where a call cannot do without a token, it is asked for with what is known."""
    cases: list[tuple[str, ...]] = [("load",), ("load", "lock", "save")]
    for broken in cases:
        server, store, live, clock = Server(), Broken(*broken), LiveToken(), Clock(NOW)
        for _ in range(3):
            renewed(live, login_with(server, clock), store)
            clock.now += 3600
        assert spent_at(server) == ["first", "refresh 1", "refresh 2"]


def test_a_store_that_is_away_is_no_login_that_is_missing() -> None:
    """Who has no refresh token but in the store hears that it does not answer, not that a user has to log in."""
    server, store = Server(), Broken("load")
    with pytest.raises(TokenEndpointUnavailable, match="store"):
        renew(LiveToken(), login_with(server, refresh_token=None), store)
    store.broken = ()
    with pytest.raises(InteractionRequired):
        renew(LiveToken(), login_with(server, refresh_token=None), store)
    assert server.asked == []


def test_a_write_that_a_store_has_lost() -> None:
    """After a failover that brings an older entry back, who knows a later refresh token goes on with that."""
    cases: list[str] = ["mine", "theirs"]
    for by in cases:
        server, store, live, clock = Server(), Recording(), LiveToken(), Clock(NOW)
        renewed(live, login_with(server, clock), store)
        (key,) = store._tokens
        replica = store._tokens[key]
        clock.now += 3600
        renewed(live if by == "mine" else LiveToken(), login_with(server, clock), store)
        clock.now += 1
        if by == "theirs":
            renewed(live, login_with(server, clock), store)
        store._tokens[key] = replica
        clock.now += 3600
        renewed(live, login_with(server, clock), store)
        assert spent_at(server) == ["first", "refresh 1", "refresh 2"]


def test_what_a_store_has_is_later_than_what_could_not_be_saved(unsaved: list[Callable[[], None]]) -> None:
    """A forked child has its parent's unsaved token, and takes what the parent has saved and renewed since."""
    server, store, clock = Server(), Broken(), Clock(NOW)
    parent, child = LiveToken(), LiveToken()
    renewed(parent, login_with(server, clock), store)
    store.broken = ("save",)
    clock.now += 3600
    second = renewed(parent, login_with(server, clock), store)
    child.unsaved = child.previous = second
    child.spent = parent.spent
    store.broken = ()
    clock.now += 3600
    renewed(parent, login_with(server, clock), store)
    assert renewed(child, login_with(server, clock), store).refresh_token == "refresh 3"
    assert child.unsaved is None
    clock.now += 3600
    renewed(child, login_with(server, clock), store)
    assert spent_at(server) == ["first", "refresh 1", "refresh 2", "refresh 3"]


@pytest.mark.requirement("6749-refresh-rotate")
def test_a_refresh_token_that_stays_the_same() -> None:
    """Where a server does not rotate, what another process has renewed is taken as it is."""
    server, store, clock = Server(rotates=False), Recording(), Clock(NOW)
    mine, theirs = LiveToken(), LiveToken()
    for live in (mine, theirs):
        renewed(live, login_with(server, clock), store)
    clock.now += 3600
    news = renewed(theirs, login_with(server, clock), store)
    clock.now += 1
    assert renew(mine, login_with(server, clock), store).access_token == news.access_token
    assert len(server.asked) == 2


@pytest.mark.requirement("9700-refresh-rotation")
def test_an_older_entry_is_no_news() -> None:
    """Where a store has lost a write, a token that was refused is not replaced by the one from before it."""
    cases: list[tuple[float, str]] = [(100, "of another family"), (10, "refresh 1")]
    for seconds, refresh_token in cases:
        server, store, live, clock = Server(), Recording(), LiveToken(), Clock(NOW)
        renewed(live, login_with(server, clock), store)
        (key,) = store._tokens
        replica = store._tokens[key]
        clock.now += seconds
        live.forget(live.window.token)
        refused = renewed(live, login_with(server, clock), store)
        store._tokens[key] = replace(replica, refresh_token=refresh_token)
        live.forget(refused)
        with suppress(InteractionRequired):
            renew(live, login_with(server, clock), store)
        assert len(server.asked) == 3


def test_a_clock_set_back_loses_no_refresh_token(
    unsaved: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be saved is saved, though the entry before it was written by a clock that was ahead."""
    server, store, live, clock = Server(), Broken(), LiveToken(), Clock(NOW + 86_400)
    renewed(live, login_with(server, clock), store)
    clock.now = NOW
    store.broken = ("save",)
    renewed(live, login_with(server, clock), store)
    store.broken = ()
    (work,) = unsaved
    work()
    assert [token.refresh_token for token in store.tokens] == ["refresh 2"]
    assert live.unsaved is None


def test_a_new_login_that_could_not_be_saved(
    unsaved: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is saved over the one before it, of which it was not obtained."""
    server, store, live, clock = Server(), Broken(), LiveToken(), Clock(NOW)
    renewed(live, login_with(server, clock), store)
    store.broken = ("save",)
    clock.now += 10
    server.refresh_tokens = {"first"}
    code = [("grant_type", "refresh_token"), ("refresh_token", "first")]
    LoginRenewal(live, login_with(server, clock), store).log_in(code)
    store.broken = ()
    (work,) = unsaved
    work()
    assert [token.refresh_token for token in store.tokens] == ["refresh 2"]


def test_a_new_login_that_a_store_has_lost() -> None:
    """After a failover that brings the login before it back, the new one goes on."""
    server, store, live, clock = Server(), Recording(), LiveToken(), Clock(NOW)
    renewed(live, login_with(server, clock), store)
    (key,) = store._tokens
    replica = store._tokens[key]
    server.refresh_tokens = {"first"}
    code = [("grant_type", "refresh_token"), ("refresh_token", "first")]
    LoginRenewal(live, login_with(server, clock), store).log_in(code)
    store._tokens[key] = replica
    clock.now += 3600
    renewed(live, login_with(server, clock), store)
    assert spent_at(server) == ["first", "first", "refresh 2"]


def test_the_exit_knows_the_last_that_is_unsaved(unsaved: list[Callable[[], None]]) -> None:
    """Who gives up an older one leaves a later one to be saved."""
    server, store, live, clock = Server(), Broken("save"), LiveToken(), Clock(NOW)
    renewed(live, login_with(server, clock), store)
    clock.now += 3600
    second = renewed(live, login_with(server, clock), store)
    unsaved[0]()
    store.broken = ()
    room._save_at_exit()
    assert store.tokens == [second]


def test_what_cannot_be_seen_is_not_saved_over() -> None:
    """A store that takes a token, and does not show what it has, may have a later one from another process."""
    cases: list[str] = ["load", "lock"]
    for broken in cases:
        server, store, live = Server(), Broken("save"), LiveToken()
        token = renewed(live, login_with(server), store)
        store.broken = (broken,)
        room._save_at_exit()
        assert (store.tokens, live.unsaved) == ([], token)
        store.broken = ()
        room._save_at_exit()
        assert (store.tokens, live.unsaved) == ([token], None)


def test_what_is_unsaved_is_saved_at_exit() -> None:
    """The interpreter's exit tries once more, and only what is still the last."""
    server, store, live = Server(), Broken("save"), LiveToken()
    token = renewed(live, login_with(server), store)
    store.broken = ()
    room._save_at_exit()
    assert store.tokens == [token]
    store.discard(next(iter(store._tokens)), token)
    room._save_at_exit()
    assert store.tokens == []


class Slow(Recording):
    """A store whose lock somebody holds: it is waited for, and then given up."""

    seconds = 0.0

    def lock(self, key: str) -> Any:
        """Wait, if that is what it does."""
        time.sleep(self.seconds)
        return super().lock(key)


def test_the_exit_waits_for_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many logins are unsaved, a lock that is slow to come is waited for once."""
    monkeypatch.setattr(room, "started", started)
    monkeypatch.setattr(room, "_exiting", threading.Event())
    stores = [Slow() for _ in range(4)]
    for number, store in enumerate(stores):
        token = Token("a", refresh_token=f"r{number}")
        live = LiveToken()
        live.unsaved = token
        store.seconds = 0.4
        room.keep_saving(room.Unsaved(store, "key", token, live, None, str))
    began = time.monotonic()
    room._save_at_exit()
    assert 0.4 <= time.monotonic() - began < 1.2
    assert [len(store.tokens) for store in stores] == [1] * 4


def test_the_exit_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is stuck is given up."""
    monkeypatch.setattr(room, "started", lambda work, name: True)
    monkeypatch.setattr(room, "_EXIT_SECONDS", 0.1)
    room.keep_saving(room.Unsaved(Recording(), "key", Token("a"), LiveToken(), None, str))
    began = time.monotonic()
    room._save_at_exit()
    assert time.monotonic() - began < 5


def test_what_is_known_of_an_empty_store() -> None:
    """Where a store has nothing, memory has the last refresh token."""
    mine, renewal = Token("a", refresh_token="mine"), LoginRenewal(LiveToken(), login_with(Server()), None)
    assert renewal._last(None, mine) is mine
    assert renewal._last(mine, None) is mine


@pytest.mark.parametrize("store", [None, Recording()])
@pytest.mark.parametrize(
    ("answered", "previous", "expected"),
    [
        ({"refresh_token": "new", "scope": "new"}, Token("x", refresh_token="old", scope="old"), ("new", "new")),
        ({}, Token("x", refresh_token="old", scope="old"), ("old", "old")),
        ({"refresh_token": None, "scope": ""}, Token("x", refresh_token="old", scope="old"), ("old", "old")),
        ({}, Token("x"), ("first", None)),
        ({}, None, ("first", None)),
    ],
)
def test_what_an_answer_leaves_out_stays(
    store: Recording | None, answered: dict[str, Any], previous: Token | None, expected: tuple[str, str | None]
) -> None:
    """RFC 6749 §6: an answer without a new refresh token keeps the old one; a scope that is not said is as granted."""
    answer = HttpResponse(200, {}, json.dumps({"access_token": "t", **answered}).encode())
    live = LiveToken()
    live.previous = previous
    token = renew(live, login_with(lambda *_: answer), store)
    assert (token.refresh_token, token.scope) == expected
    if store is not None:
        assert [(kept.refresh_token, kept.scope) for kept in store.tokens] == [expected]
        store._tokens.clear()

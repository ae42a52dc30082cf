"""Tests of how a login ends: at the server, and in what this process does next."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from loopback import SECRET, Answer, Clock, Loopback, Received, token_answer
from timing import HUNG, eventually

from oauth_cc_auth import (
    AuthorizationCode,
    InteractionRequired,
    Login,
    MemoryStore,
    Token,
    TokenRequestError,
    TokenSource,
)
from oauth_cc_auth._life import table


def test_a_login_during_a_logout_stays() -> None:
    """Who logs in again while the old login is being revoked stays logged in; nothing asks with the old one."""
    reached, opened = threading.Event(), threading.Event()

    def slowly(_: Received) -> Answer:
        reached.set()
        assert opened.wait(20)
        return Answer(200)

    old, new = (token_answer(name, refresh_token=f"refresh {name}") for name in ("old", "new"))
    with Loopback(old, slowly, new) as server:
        grant = AuthorizationCode(
            authorization_endpoint=f"{server.url}/authorize",
            token_endpoint=f"{server.url}/token",
            revocation_endpoint=f"{server.url}/revoke",
            client_id="client",
            client_secret=SECRET,
        )
        source = TokenSource(grant)
        login = Login(source)

        def log_in() -> Token:
            state = parse_qs(urlsplit(login.authorization_url()).query)["state"][0]
            return login.exchange(f"https://me.example/callback?code=c&state={state}")

        assert log_in().access_token == "old"
        logout = threading.Thread(target=source.revoke)
        logout.start()
        assert reached.wait(5)
        with pytest.raises(InteractionRequired):
            source.token()
        assert log_in().refresh_token == "refresh new"
        opened.set()
        logout.join(5)
        assert source.token().access_token == "new"
        assert source._serving.live.previous is not None
        assert source._serving.live.previous.refresh_token == "refresh new"
        assert [dict(received.form).get("token") for received in server.received] == [None, "refresh old", None]


def login_at(server: Loopback) -> AuthorizationCode:
    """Return the grant of a login that begins with a refresh token."""
    return AuthorizationCode(
        token_endpoint=f"{server.url}/token",
        revocation_endpoint=f"{server.url}/revoke",
        client_id="client",
        client_secret=SECRET,
        refresh_token="zeroth",
    )


def test_a_logout_that_did_not_get_through_can_be_tried_again() -> None:
    """Where the server could not be reached the refresh token is not lost: revoke() again ends the login."""
    answers = [token_answer("old", refresh_token="first"), Answer(400, {"error": "invalid_request"}), Answer(200)]
    with Loopback(*answers) as server:
        source = TokenSource(login_at(server))
        source.token()
        with pytest.raises(TokenRequestError):
            source.revoke()
        source.revoke()
        assert [dict(received.form).get("token") for received in server.received] == [None, "first", "first"]


class Queue(MemoryStore):
    """A store whose second visitor lets the third go first."""

    def __init__(self) -> None:
        """Count the visitors."""
        super().__init__()
        self.visitors, self.waiting, self.go_on = 0, threading.Event(), threading.Event()

    def lock(self, key: str) -> Any:
        """Wait, if it is the second."""
        self.visitors += 1
        if self.visitors == 2:
            self.waiting.set()
            assert self.go_on.wait(HUNG)
        return super().lock(key)


def test_a_logout_that_comes_after_a_renewal() -> None:
    """What a call has renewed while the logout waited for its turn at the store is ended too, and served no more."""
    answers = [token_answer(f"token {n}", refresh_token=f"refresh {n}") for n in (1, 2)]
    store = Queue()
    with Loopback(*answers, Answer(200), Answer(400, {"error": "invalid_grant"})) as server:
        source = TokenSource(login_at(server), store=store)
        assert source.token().access_token == "token 1"
        logout = threading.Thread(target=source.revoke)
        logout.start()
        assert store.waiting.wait(HUNG)
        assert source.token().access_token == "token 2"
        store.go_on.set()
        logout.join(HUNG)
        assert dict(server.received[-1].form)["token"] == "refresh 2"
        with pytest.raises(InteractionRequired):
            source.token()
        assert dict(server.received[-1].form)["refresh_token"] == "zeroth"


@pytest.mark.parametrize("answer", [token_answer("token 2", refresh_token="refresh 2"), Answer(404)])
def test_a_logout_during_a_renewal(answer: Answer) -> None:
    """Of a login that is in memory alone the refresh token is revoked that a renewal in the air brings, if it does."""
    released, clock = threading.Event(), Clock()

    def slowly(_: Received) -> Answer:
        assert released.wait(HUNG)
        return answer

    with Loopback(token_answer("token 1", refresh_token="refresh 1"), slowly, Answer(200)) as server:
        source = TokenSource(login_at(server), clock=clock)
        source.token()
        clock.now += 3000
        assert source.token().access_token == "token 1"  # and is renewed in the background
        eventually(lambda: len(server.received) == 2)
        logout = threading.Thread(target=source.revoke)
        logout.start()
        eventually(lambda: source._serving.live.flight is None)
        released.set()
        logout.join(HUNG)
        assert dict(server.received[-1].form)["token"] == ("refresh 2" if answer.status == 200 else "refresh 1")
        assert source._serving.live not in table._logins.values()


def test_a_login_that_nobody_holds_goes_on_until_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh token that only memory has outlives its source and a full table; a login that has ended does not."""
    monkeypatch.setattr(table, "TABLE_SIZE", 1)

    def crowd_out() -> None:
        TokenSource(replace(grant, client_id="somebody else"))
        gc.collect()

    with Loopback(token_answer("a token", refresh_token="second")) as server:
        grant = login_at(server)
        TokenSource(grant).token()
        crowd_out()
        again = TokenSource(grant)
        assert again.token().refresh_token == "second"
        assert [received.path for received in server.received] == ["/token"]
        again.revoke()
        live = weakref.ref(again._serving.live)
        del again
        give_up_at = time.monotonic() + 5
        while live() is not None and time.monotonic() < give_up_at:
            crowd_out()  # until the thread that revoked it is gone too
        assert live() is None

"""Tests of how a login ends: at the server, and in what this process does next."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from loopback import SECRET, Answer, Loopback, Received, token_answer

from oauth_cc_auth import AuthorizationCode, InteractionRequired, Token, TokenRequestError, TokenSource, _sharing


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

        def log_in() -> Token:
            state = parse_qs(urlsplit(grant.authorization_url()).query)["state"][0]
            return source.exchange(f"https://me.example/callback?code=c&state={state}")

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
        assert source._live.previous is not None
        assert source._live.previous.refresh_token == "refresh new"
        assert [dict(received.form).get("token") for received in server.received] == [None, "refresh old", None]


def test_a_logout_that_did_not_get_through_can_be_tried_again() -> None:
    """Where the server could not be reached the refresh token is not lost: revoke() again ends the login."""
    answers = [token_answer("old", refresh_token="first"), Answer(400, {"error": "invalid_request"}), Answer(200)]
    with Loopback(*answers) as server:
        grant = AuthorizationCode(
            token_endpoint=f"{server.url}/token",
            revocation_endpoint=f"{server.url}/revoke",
            client_id="client",
            client_secret=SECRET,
            refresh_token="zeroth",
        )
        source = TokenSource(grant)
        source.token()
        with pytest.raises(TokenRequestError):
            source.revoke()
        source.revoke()
        assert [dict(received.form).get("token") for received in server.received] == [None, "first", "first"]


def test_a_login_that_nobody_holds_goes_on_until_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh token that only memory has outlives its source and a full table; a login that has ended does not."""
    monkeypatch.setattr(_sharing, "TABLE_SIZE", 1)

    def crowd_out() -> None:
        TokenSource(replace(grant, client_id="somebody else"))
        gc.collect()

    with Loopback(token_answer("a token", refresh_token="second")) as server:
        grant = AuthorizationCode(
            token_endpoint=f"{server.url}/token",
            revocation_endpoint=f"{server.url}/revoke",
            client_id="client",
            client_secret=SECRET,
            refresh_token="first",
        )
        TokenSource(grant).token()
        crowd_out()
        again = TokenSource(grant)
        assert again.token().refresh_token == "second"
        assert [received.path for received in server.received] == ["/token"]
        again.revoke()
        live = weakref.ref(again._live)
        del again
        give_up_at = time.monotonic() + 5
        while live() is not None and time.monotonic() < give_up_at:
            crowd_out()  # until the thread that revoked it is gone too
        assert live() is None

"""Tests of how a login ends: at the server, and in what this process does next."""

from __future__ import annotations

import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from loopback import SECRET, Answer, Loopback, Received, token_answer

from oauth_cc_auth import AuthorizationCode, InteractionRequired, Token, TokenRequestError, TokenSource


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

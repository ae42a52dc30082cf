"""Tests of how a token is renewed where a store shares it: order of events, broken stores, wrong secrets."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from loopback import SECRET, TOKEN, Clock, grant_for, run_together
from renewals import (
    NOW,
    Broken,
    Pausing,
    Recording,
    Server,
    exchange_with,
    login_with,
    renew,
    renewal_of,
    renewed,
    revoke,
    unsaved,
)

from oauth_cc_auth import (
    AuthorizationCode,
    InteractionRequired,
    InvalidClient,
    InvalidGrant,
    Token,
    TokenEndpointUnavailable,
    TokenSource,
)
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._login.renewal import LoginRenewal
from oauth_cc_auth._serving import Serving

__all__ = ["unsaved"]  # a fixture


def test_without_a_store() -> None:
    """A renewal asks the token endpoint."""
    server = Server()
    assert renew(LiveToken(), exchange_with(server), None).access_token == f"{TOKEN} 1"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("asked_for", "answered", "expected"), [("a", "b", "b"), ("a", None, "a"), ("a", "", "a"), (None, None, None)]
)
def test_scope_that_was_granted(asked_for: str | None, answered: str | None, expected: str | None) -> None:
    """RFC 6749 §5.1: a scope that is not said is as it was requested; §4.4.3: a refresh token is not kept."""
    answer = {"access_token": "t", "scope": answered, "refresh_token": "r"}
    exchange = exchange_with(lambda *_: HttpResponse(200, {}, json.dumps(answer).encode()), scope=asked_for)
    token = renew(LiveToken(), exchange, None)
    assert (token.scope, token.refresh_token) == (expected, None)


def test_the_order_of_events() -> None:
    """The store is looked into, locked, looked into again, and written before anybody uses the token; then unlocked."""
    events: list[str] = []
    renew(LiveToken(), exchange_with(Server(events=events)), Recording(events))
    assert events == ["load", "lock", "load", "ask", "save", "unlock"]


def test_a_stored_token_is_taken() -> None:
    """What another process obtained is used, and nobody asks the server."""
    server, store = Server(), Recording()
    first = renew(LiveToken(), exchange_with(server), store)
    assert renew(LiveToken(), exchange_with(server), store) == first
    assert len(server.asked) == 1


def test_a_stored_token_is_taken_while_it_is_good() -> None:
    """Case 28: one that is expired, or comes from the future, is not."""
    cases: list[tuple[float, int]] = [(0.0, 1), (3589.0, 1), (3591.0, 2), (86_400.0, 2), (-60.0, 1), (-61.0, 2)]
    for jump, requests in cases:
        server, store, clock = Server(), Recording(), Clock(NOW)
        renew(LiveToken(), exchange_with(server, clock), store)
        clock.now += jump
        renew(LiveToken(), exchange_with(server, clock), store)
        assert len(server.asked) == requests


def test_the_token_that_is_due_is_not_taken_again() -> None:
    """A background renewal brings another token than the one it shall replace, also where that is in the store."""
    server, store, live = Server(), Recording(), LiveToken()
    first = renewed(live, exchange_with(server), store)
    second = renewed(live, exchange_with(server), store)
    assert second.access_token != first.access_token
    assert renewed(LiveToken(), exchange_with(server), store) == second


def test_a_client_that_is_refused_after_it_had_a_token() -> None:
    """The message asks whether the secret was rotated; the refusal of a client's first request does not."""
    server, live = Server(), LiveToken()
    refusing = exchange_with(lambda *_: HttpResponse(401, {}, b'{"error": "invalid_client"}'))
    with pytest.raises(InvalidClient) as first:
        renewed(live, refusing, None)
    renewed(live, exchange_with(server), None)
    with pytest.raises(InvalidClient) as later:
        renewed(live, refusing, None)
    assert ["rotated" in str(refusal.value) for refusal in (first, later)] == [False, True]


def test_a_refusal_that_still_holds_sends_nothing() -> None:
    """But what another process has obtained meanwhile, with the secret that is right now, is taken."""
    server, store, live = Server(), Recording(), LiveToken()
    refusal = InvalidClient()
    with pytest.raises(InvalidClient):
        renewal_of(live, exchange_with(server), store).run(refusal)
    assert (server.asked, store.events) == ([], ["load"])
    token = renew(LiveToken(), exchange_with(server), store)
    assert renewal_of(live, exchange_with(server), store).run(refusal) == token
    assert len(server.asked) == 1


def test_a_refused_token_is_not_taken_again() -> None:
    """A token that the API refused does not come back from the store; the next that another obtained is taken."""
    server, store, live, clock = Server(), Recording(), LiveToken(), Clock(NOW)
    exchange = exchange_with(server, clock)
    first = renewed(live, exchange, store)
    clock.now += 1
    live.reject(first, NOW)
    second = renewed(live, exchange, store)
    assert second.access_token != first.access_token
    assert store.tokens == [second]
    other = LiveToken()
    other.adopt(first, NOW)
    other.reject(first, NOW)
    assert renewed(other, exchange, store) == second
    assert len(server.asked) == 2


def test_a_refused_token_leaves_the_store_even_if_no_other_comes() -> None:
    """Others who start now do not find the refused token, though the server is down."""
    store, live = Recording(), LiveToken()
    first = renewed(live, exchange_with(Server()), store)
    live.reject(first, NOW)

    def down(request: HttpRequest, timeout: float) -> HttpResponse:
        raise TokenEndpointUnavailable

    with pytest.raises(TokenEndpointUnavailable):
        renew(live, exchange_with(down), store)
    assert store.tokens == []
    assert store.events[-1] == "unlock"


def test_one_renewal_at_a_time() -> None:
    """Sixteen who share a store make one token request."""
    server, store = Server(), Recording()
    tokens = run_together(*[lambda: renew(LiveToken(), exchange_with(server), store)] * 16)
    assert len({getattr(token, "access_token", token) for token in tokens}) == 1
    assert len(server.asked) == 1


BROKEN = [["load"], ["save"], ["lock"], ["enter"], ["unlock"], ["load", "save", "lock"], ["load", "save", "unlock"]]


@pytest.mark.parametrize("broken", BROKEN, ids="-".join)
@pytest.mark.parametrize("exchange_by", [exchange_with, login_with])
def test_a_broken_store_breaks_no_call(
    broken: list[str], exchange_by: Callable[[Server], Exchange], caplog: pytest.LogCaptureFixture
) -> None:
    """Cases 24 and 37: the token is had without the store, with one warning, which does not quote the store."""
    caplog.set_level(logging.DEBUG)
    store = Broken(*broken)
    renewal = renewal_of(LiveToken(), exchange_by(Server()), store)
    assert renewal.run().access_token == f"{TOKEN} 1"
    assert "WARNING" not in {record.levelname for record in caplog.records}, "a lock may still be held"
    renewal.report.tell()
    warned = [vars(record)["oauth_event"] for record in caplog.records if record.levelname == "WARNING"]
    assert warned == ["StoreFailed"] + ["LoginUnsaved"] * (exchange_by is login_with and "save" in broken)
    assert caplog.text.count("OSError") == len(broken) + ("load" in broken), "a store is looked into twice"
    assert SECRET not in caplog.text
    assert TOKEN not in caplog.text


def test_a_store_that_cannot_discard_breaks_no_call() -> None:
    """Case 24: revoking a token that is in a broken store revokes it all the same."""
    server, store, live = Server(), Broken("discard"), LiveToken()
    exchange = exchange_with(server, revocation_endpoint="https://as.example.com/revoke")
    token = renewed(live, exchange, store)
    revoke(live, exchange, store, token, whole=True)
    assert server.asked[-1]["token"] == token.access_token
    assert store.tokens == [token]


def test_a_broken_lock_does_not_hide_the_failure() -> None:
    """Case 24: what the server said reaches the caller, though the store cannot be locked or unlocked."""
    for broken in ("lock", "unlock"):
        with pytest.raises(InvalidClient):
            renew(LiveToken(), exchange_with(Server(secret="other")), Broken(broken))


class Rubbish(Recording):
    """A store that gives back something else than it was given."""

    def __init__(self, rubbish: Any) -> None:
        """Give this."""
        super().__init__()
        self.rubbish = rubbish

    def load(self, key: str) -> Token | None:
        """Load rubbish."""
        rubbish: Token | None = self.rubbish
        return rubbish


def _any(value: object) -> Any:
    return value


RUBBISH: dict[str, Any] = {
    "str": TOKEN,
    "dict": {"access_token": TOKEN},
    "int": 5,
    "false": False,
    "empty token": Token("", expires_at=NOW + 3600, obtained_at=NOW),
    "number token": Token(_any(5), expires_at=NOW + 3600, obtained_at=NOW),
    "header injection": Token("a\r\nX: y", expires_at=NOW + 3600, obtained_at=NOW),
    "expires soon": Token(TOKEN, expires_at=_any("soon"), obtained_at=NOW),
    "obtained never": Token(TOKEN, expires_at=NOW + 3600, obtained_at=_any(None)),
    "nan": Token(TOKEN, expires_at=float("nan"), obtained_at=NOW),
    "refresh token": Token(TOKEN, expires_at=NOW + 3600, obtained_at=NOW, refresh_token=_any(5)),
}


@pytest.mark.parametrize("name", RUBBISH)
@pytest.mark.parametrize("exchange_by", [exchange_with, login_with])
def test_rubbish_from_a_store_breaks_no_call(name: str, exchange_by: Callable[[Server], Exchange]) -> None:
    """Case 24: what a store gives back is used only if it is a token that could be sent."""
    server, store = Server(), Rubbish(RUBBISH[name])
    token = renew(LiveToken(), exchange_by(server), store)
    if name == "refresh token" and exchange_by is exchange_with:
        return  # of no interest there: the access token is good
    assert token.access_token == f"{TOKEN} 1"


def test_a_wrong_secret_gets_nothing_from_the_store() -> None:
    """Case 20: of two who share a store, the one with a wrong secret is refused, and harms the other's entry not."""
    server, store = Server(), Recording()
    right = renew(LiveToken(), exchange_with(server), store)
    with pytest.raises(InvalidClient):
        renew(LiveToken(), exchange_with(server, client_secret="wrong"), store)
    assert renew(LiveToken(), exchange_with(server), store) == right
    assert len(server.asked) == 2


class Rotated:
    """A secret's source that gives another secret from its second reading on; counts the readings."""

    def __init__(self, *secrets: str) -> None:
        """Give these, the last for ever."""
        self.secrets, self.reads = list(secrets), 0

    def __call__(self) -> str:
        """Give the next."""
        self.reads += 1
        return self.secrets.pop(0) if len(self.secrets) > 1 else self.secrets[0]


@pytest.mark.parametrize("exchange_by", [exchange_with, login_with])
def test_a_rotated_secret_saves_under_its_own_key(exchange_by: Callable[..., Exchange]) -> None:
    """Cases 20 and 39: what the new secret obtained is not found by who has the old one, but by who has the new one."""
    server, store = Server(rotates=False), Recording()
    token = renew(LiveToken(), exchange_by(server, client_secret=Rotated("old", SECRET)), store)
    asked = len(server.asked)
    with pytest.raises(InvalidClient):
        renew(LiveToken(), exchange_by(server, client_secret="old"), store)
    assert len(server.asked) == asked + 1
    assert renew(LiveToken(), exchange_by(server), store).access_token == token.access_token


def test_a_secrets_source_is_read_once_per_renewal() -> None:
    """Case 39: a vault is asked once, with a store as without."""
    for store in (None, Recording()):
        source = Rotated(SECRET)
        renew(LiveToken(), exchange_with(Server(), client_secret=source), store)
        assert source.reads == 1


def test_a_slow_key_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash that takes 50 ms is computed once per process and secret, however many ask at once."""
    made: list[bytes] = []
    scrypt = hashlib.scrypt

    def counted(secret: bytes, **arguments: Any) -> bytes:
        made.append(secret)
        return scrypt(secret, **{**arguments, "n": 2})

    monkeypatch.setattr(hashlib, "scrypt", counted)
    server, store = Server(secret="slow"), Recording()
    one = [lambda: renewed(LiveToken(), exchange_with(server, client_secret="slow"), store)]
    run_together(*one * 8)
    assert made == [b"slow"]
    with pytest.raises(InvalidClient):
        renew(LiveToken(), exchange_with(server, client_secret="other"), store)
    assert made == [b"slow", b"other"]


def test_a_client_without_a_secret() -> None:
    """A public client, or one with a certificate, shares its token by the grant alone."""
    answer = HttpResponse(200, {}, b'{"access_token": "t", "expires_in": 60}')
    store, asked = Recording(), []

    def send(request: HttpRequest, timeout: float) -> HttpResponse:
        asked.append(request)
        return answer

    exchange = Exchange(grant_for(client_secret=None, token_endpoint_auth_method="none"), send, 1.0, Clock(NOW))
    assert renew(LiveToken(), exchange, store) == renew(LiveToken(), exchange, store)
    assert len(asked) == 1


def test_a_revoked_token_leaves_the_store() -> None:
    """A revoked token leaves the store, unless another was saved meanwhile."""
    server, store, live, clock = Server(), Recording(), LiveToken(), Clock(NOW)
    exchange = exchange_with(server, clock, revocation_endpoint="https://as.example.com/revoke")
    first = renewed(live, exchange, store)
    clock.now += 1
    second = renewed(live, exchange, store)
    revoke(live, exchange, store, first, whole=True)
    assert store.tokens == [second]
    revoke(live, exchange, store, second, whole=True)
    assert store.tokens == []
    assert [form.get("token") for form in server.asked[2:]] == [first.access_token, second.access_token]


def test_what_another_process_left_is_revoked() -> None:
    """Where memory has no token, the stored one is revoked; where the store has none either, nothing is sent."""
    server, store = Server(), Recording()
    exchange = exchange_with(server, revocation_endpoint="https://as.example.com/revoke")
    left = renew(LiveToken(), exchange, store)
    for _ in range(2):
        revoke(LiveToken(), exchange, store, None, whole=True)
        assert [form.get("token") for form in server.asked] == [None, left.access_token]
    revoke(LiveToken(), exchange, None, None, whole=True)
    assert len(server.asked) == 2


def test_a_wrong_secret_does_not_revoke_what_another_left() -> None:
    """Case 20: a stored login stays when the server says that the secret is wrong; with the new one after a rotation it
    is ended.
    """
    server, store = Server(), Recording()
    left = renew(LiveToken(), login_with(server), store)
    revocable = login_with(server, client_secret="another", revocation_endpoint="https://as.example.com/revoke")
    with pytest.raises(InvalidClient):
        revoke(LiveToken(), revocable, store, None, whole=True)
    assert store.tokens == [left]
    server.secret = "another"
    revoke(LiveToken(), revocable, store, None, whole=True)
    assert store.tokens == []
    assert server.asked[-1]["token"] == left.refresh_token


def test_a_login_in_a_store_that_does_not_answer_is_not_ended() -> None:
    """Who logs out is told that it did not work, rather than that a login is over which goes on."""
    cases: list[str] = ["load", "lock"]
    for broken in cases:
        server, store, live = Server(), Broken(), LiveToken()
        exchange = login_with(server, revocation_endpoint="https://as.example.com/revoke")
        token = renewed(live, exchange, store)
        store.broken = (broken,)
        with pytest.raises(TokenEndpointUnavailable, match="store"):
            revoke(live, exchange, store, token, whole=True)
        assert len(server.asked) == 1
        store.broken = ()
        revoke(live, exchange, store, token, whole=True)
        assert store.tokens == []


@pytest.mark.parametrize("store", [None, Recording()])
def test_a_logout_is_one(store: Recording | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a revocation no refresh token is asked with again, in memory or in a store; the next call wants a login."""
    server = Server()
    grant = login_with(server, revocation_endpoint="https://as.example.com/revoke").grant
    source = TokenSource(grant, store=store, timeout=1.0)
    exchange = Exchange(grant, server, 1.0, source._serving.clock)
    monkeypatch.setattr(Serving, "_renewal", lambda *_: LoginRenewal(source._serving.live, exchange, store))
    source.token()
    source.revoke()
    assert server.asked[-1]["token"] == "refresh 1"
    asked = len(server.asked)
    if store is not None:
        assert store.tokens == []
    # What is left is the grant's own first refresh token, which is spent.
    with pytest.raises(InteractionRequired):
        source.token()
    assert server.asked[asked:] == [] or server.asked[asked]["refresh_token"] == "first"


def test_a_logout_of_nobody_sends_nothing() -> None:
    """Where neither memory nor the store knows a refresh token, there is no login to end."""
    server = Server()
    exchange = login_with(server, refresh_token=None, revocation_endpoint="https://as.example.com/revoke")
    revoke(LiveToken(), exchange, Recording(), None, whole=True)
    assert server.asked == []


def test_a_logout_ends_what_another_process_has_renewed() -> None:
    """A login ends with its last refresh token, though this process knows an older one only; nobody finds it again."""
    server, store, clock = Server(), Recording(), Clock(NOW)
    mine, theirs = (login_with(server, clock, revocation_endpoint="https://as.example.com/revoke") for _ in range(2))
    live = LiveToken()
    old = renewed(live, mine, store)
    clock.now += 3590
    last = renew(LiveToken(), theirs, store)
    assert last.refresh_token != old.refresh_token
    revoke(live, mine, store, old, whole=True)
    assert server.asked[-1]["token"] == last.refresh_token
    assert store.tokens == []


def test_a_logout_ends_the_attempts_to_save(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh token that no store took is not saved any more once it is revoked."""
    monkeypatch.setattr("oauth_cc_auth._login.unsaved._FIRST_PAUSE", 0.05)
    server, store, live = Server(), Broken("save"), LiveToken()
    exchange = login_with(server, revocation_endpoint="https://as.example.com/revoke")
    token = renewed(live, exchange, store)
    assert live.unsaved is token
    revoke(live, exchange, store, token, whole=True)
    assert live.unsaved is None
    store.broken = ()
    for thread in threading.enumerate():
        if thread.name == "oauth-cc-auth-save":
            thread.join(5)
    assert store.tokens == []


def test_a_leaked_token_ends_no_login() -> None:
    """Where one access token is revoked, the login that it came from goes on."""
    server, store, live = Server(), Recording(), LiveToken()
    exchange = login_with(server, revocation_endpoint="https://as.example.com/revoke")
    token = renewed(live, exchange, store)
    revoke(live, exchange, store, replace(token, refresh_token=None), whole=False)
    assert server.asked[-1]["token"] == token.access_token
    assert [kept.refresh_token for kept in store.tokens] == [token.refresh_token]
    assert renew(live, exchange, store).refresh_token not in (None, token.refresh_token)


def test_revoking_without_a_store() -> None:
    """The token is sent to the revocation endpoint."""
    server = Server()
    revoke(
        LiveToken(),
        exchange_with(server, revocation_endpoint="https://as.example.com/revoke"),
        None,
        Token("t"),
        whole=True,
    )
    assert server.asked[0]["token"] == "t"


# A login, whose refresh token rotates.


def test_a_rotated_refresh_token_is_saved_before_use() -> None:
    """The new refresh token is in the store before the access token is returned."""
    events: list[str] = []
    store = Recording(events)
    token = renew(LiveToken(), login_with(Server(events=events)), store)
    assert events == ["load", "lock", "load", "ask", "save", "unlock"]
    assert token.refresh_token == "refresh 1"
    assert [stored.refresh_token for stored in store.tokens] == ["refresh 1"]


def test_the_latest_refresh_token_is_used() -> None:
    """Each renewal uses the refresh token of the last answer, with the scope that was granted."""
    cases: list[Callable[[], Recording | None]] = [lambda: None, Recording]
    for store_of in cases:
        server, live, store = Server(), LiveToken(), store_of()
        exchange = login_with(server)
        for _ in range(3):
            renewed(live, exchange, store)
        assert [form["refresh_token"] for form in server.asked] == ["first", "refresh 1", "refresh 2"]
        assert [form.get("scope") for form in server.asked] == [None, "public", "public"]


def test_a_login_goes_on_in_another_process() -> None:
    """Whoever starts later takes the rotated refresh token from the store, not the first one, which is dead by then."""
    server, store, clock = Server(), Recording(), Clock(NOW)
    renewed(LiveToken(), login_with(server, clock), store)
    clock.now += 86_400
    assert renewed(LiveToken(), login_with(server, clock), store).access_token == f"{TOKEN} 2"
    assert server.asked[1]["refresh_token"] == "refresh 1"


def test_an_answer_without_a_refresh_token_keeps_the_old_one() -> None:
    """RFC 6749 §6: a server that does not rotate says so by saying nothing."""
    server, store, live = Server(rotates=False), Recording(), LiveToken()
    for _ in range(3):
        renewed(live, login_with(server), store)
    assert [form["refresh_token"] for form in server.asked] == ["first"] * 3
    assert store.tokens[0].refresh_token == "first"


def test_a_refused_access_token_does_not_lose_the_login() -> None:
    """A 401 of the API drops the access token only; the refresh token goes on, from memory and from the store."""
    server, store, live = Server(), Recording(), LiveToken()
    for kept in (store, None):
        live.reject(renewed(live, login_with(server), kept), NOW)
        live.adopt(renew(live, login_with(server), kept), NOW)
        live.accept(live.previous or Token(""))
    assert [form["refresh_token"] for form in server.asked] == ["first", *(f"refresh {n}" for n in range(1, 4))]


def test_memory_is_ahead_where_a_save_failed(unsaved: list[Callable[[], None]]) -> None:
    """A store that did not take the new refresh token does not bring the old one back."""
    server, store, live, clock = Server(), Broken(), LiveToken(), Clock(NOW)
    for broken in ((), ("save",), ()):
        store.broken = broken
        renewed(live, login_with(server, clock), store)
        clock.now += 86_400
    assert [form["refresh_token"] for form in server.asked] == ["first", "refresh 1", "refresh 2"]


def saved_after(
    unsaved: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[int], None]
) -> list[float]:
    """Fly what saves again, calling `meanwhile` at each pause; return the pauses."""
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        meanwhile(len(pauses))

    monkeypatch.setattr("oauth_cc_auth._login.unsaved._exiting", Pausing(sleep))
    (work,) = unsaved
    work()
    return pauses


def test_a_refresh_token_is_saved_again_until_it_works(
    unsaved: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A rotated refresh token that is lost locks its user out: saving goes on, after 1 s doubling to a minute."""
    caplog.set_level(logging.INFO)
    store, live = Broken("save"), LiveToken()
    token = renewed(live, login_with(Server()), store)

    def meanwhile(pauses: int) -> None:
        assert store.tokens == []
        if pauses == 9:
            store.broken = ()

    assert saved_after(unsaved, monkeypatch, meanwhile) == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert store.tokens == [token]
    assert "could not be saved is saved now" in caplog.text
    assert SECRET not in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(("comes_at", "pauses"), [(0, []), (1, [1]), (3, [1, 2, 4])])
def test_an_older_refresh_token_is_not_saved_over_a_newer(
    unsaved: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch, comes_at: int, pauses: list[float]
) -> None:
    """Saving again ends where another renewal has come meanwhile, which saved its own."""
    server, store, live, clock = Server(), Broken("save"), LiveToken(), Clock(NOW)
    renewed(live, login_with(server, clock), store)

    def meanwhile(turn: int) -> None:
        if turn == comes_at:
            store.broken = ()
            clock.now += 86_400
            renewed(live, login_with(server, clock), store)

    meanwhile(0)
    assert saved_after(unsaved, monkeypatch, meanwhile) == pauses
    assert [token.refresh_token for token in store.tokens] == ["refresh 2"]


def test_an_access_token_alone_is_not_saved_again(unsaved: list[Callable[[], None]]) -> None:
    """Where nothing is lost but a token request, a failed save is a warning and no more."""
    renew(LiveToken(), exchange_with(Server()), Broken("save"))
    assert unsaved == []


def test_one_refresh_at_a_time() -> None:
    """Servers that rotate kill the whole family when two renew at once: sixteen make one request."""
    server, store = Server(), Recording()
    tokens = run_together(*[lambda: renew(LiveToken(), login_with(server), store)] * 16)
    assert len({getattr(token, "access_token", token) for token in tokens}) == 1
    assert len(server.asked) == 1


def test_a_dead_refresh_token_needs_a_user() -> None:
    """invalid_grant means that a user has to log in again; for client credentials it is what it says."""
    server = Server()
    server.refresh_tokens = set()
    with pytest.raises(InteractionRequired, match=r"log in again.*family killed"):
        renew(LiveToken(), login_with(server), None)

    def refuse(request: HttpRequest, timeout: float) -> HttpResponse:
        return HttpResponse(400, {}, b'{"error": "invalid_grant"}')

    with pytest.raises(InvalidGrant):
        renew(LiveToken(), exchange_with(refuse), None)


def test_a_rotated_secret_does_not_lose_the_login() -> None:
    """With a new client secret the stored refresh token goes on; the access token of the old secret is not taken."""
    server, store = Server(), Recording()
    renew(LiveToken(), login_with(server), store)
    server.secret = "new"
    token = renew(LiveToken(), login_with(server, client_secret="new"), store)
    assert token.access_token == f"{TOKEN} 2"
    assert server.asked[1]["refresh_token"] == "refresh 1"
    assert renew(LiveToken(), login_with(server, client_secret="new"), store).access_token == token.access_token
    assert len(server.asked) == 2


def test_another_secret_does_not_get_the_access_token() -> None:
    """Case 20: who has the store and a wrong client secret is refused by the server, and the login survives it."""
    server, store = Server(), Recording()
    right = renew(LiveToken(), login_with(server), store)
    with pytest.raises(InvalidClient):
        renew(LiveToken(), login_with(server, client_secret="wrong"), store)
    assert renew(LiveToken(), login_with(server), store) == right


def test_a_verifier_that_is_none() -> None:
    """Case 20: a stored access token that nobody vouches for is not taken; its refresh token goes on."""
    cases: list[object] = [None, "", "x:y", "00:11", ":", 5, "00:ü"]
    for verifier in cases:
        server, store = Server(), Recording()
        extra = {"client_secret_verifier": verifier}
        token = Token(TOKEN, expires_at=NOW + 3600, obtained_at=NOW, refresh_token="first", extra=extra)
        renew(LiveToken(), login_with(Server()), store)
        (key,) = store._tokens
        store._tokens[key] = token
        assert renew(LiveToken(), login_with(server), store).access_token == f"{TOKEN} 1"
        assert len(server.asked) == 1


def test_the_verifier_tells_nothing() -> None:
    """Case 37: what stands beside the token is salted, another each time, and not the secret."""
    store, verifiers = Recording(), set()
    for _ in range(2):
        token = renew(LiveToken(), login_with(Server()), store)
        verifiers.add(str(token.extra["client_secret_verifier"]))
        store._tokens.clear()
    assert len(verifiers) == 2
    assert not any(SECRET in verifier for verifier in verifiers)


def test_a_public_client_after_a_login() -> None:
    """Without a client secret there is nothing to vouch for: the stored token is taken."""
    answers = iter([b'{"access_token": "1", "expires_in": 60}', b'{"access_token": "2", "expires_in": 60}'])
    grant = AuthorizationCode(
        token_endpoint="https://as.example.com/token",
        client_id="client",
        token_endpoint_auth_method="none",
        refresh_token="first",
    )
    exchange, store = Exchange(grant, lambda *_: HttpResponse(200, {}, next(answers)), 1.0, Clock(NOW)), Recording()
    assert renew(LiveToken(), exchange, store) == renew(LiveToken(), exchange, store)

"""Tests of the key: who shares a token with whom."""

from __future__ import annotations

import gc
import os
import pickle
import sys
import threading
import time
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import requests
from loopback import SECRET, Answer, Loopback, grant_for, run_together, token_answer

from oauth_cc_auth import (
    AuthorizationCode,
    ClientSecretJWT,
    InvalidClient,
    MemoryStore,
    PrivateKeyJWT,
    ResourceServer,
    StaticToken,
    Token,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenSource,
    forget_all,
)
from oauth_cc_auth._authorization_server.budget import Budget
from oauth_cc_auth._grant import hashes
from oauth_cc_auth._grant.token_endpoint import IssuanceLimit
from oauth_cc_auth._life import table
from oauth_cc_auth._life.flight import Flight
from oauth_cc_auth._life.key import Same, store_key
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._life.state import State
from oauth_cc_auth._life.table import live_token

NOBODYS = (None, None, None, None)


class Lent:
    """What may be lent to a source, and hold it."""

    auth: object


def test_what_is_lent_to_a_source_that_it_holds_does_not_live_for_ever() -> None:
    """`session.auth = RequestsAuth(grant, session=session)` leaves no session, and no connection, behind."""
    lent = Lent()
    lent.auth = live_token(grant_for(), None, lent, None, None)
    assert lent.auth is live_token(grant_for(), None, lent, None, None)
    gone = weakref.ref(lent)
    del lent
    gc.collect()
    assert gone() is None


def test_two_that_are_gone_are_not_the_same() -> None:
    """Another session at the place in memory of one that is gone gets no token of its."""
    keys = [Same(Lent()) for _ in range(2)]
    gc.collect()
    assert keys[0] != keys[1]


def test_what_cannot_be_referred_to_weakly_counts_too() -> None:
    """Whatever a store, a session or a clock is made of, it counts by identity."""
    one, other = (1, 2), tuple(range(1, 3))
    assert live_token(grant_for(), None, None, None, one) is live_token(grant_for(), None, None, None, one)
    assert live_token(grant_for(), None, None, None, one) is not live_token(grant_for(), None, None, None, other)


def test_slow_hashes_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand grants that are asked for at once take the memory of two slow hashes."""
    inside, most, guard = [0], [0], threading.Lock()

    def scrypt(*_: object, **__: object) -> bytes:
        with guard:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.002)
        with guard:
            inside[0] -= 1
        return b""

    monkeypatch.setattr("hashlib.scrypt", scrypt)
    run_together(*[lambda number=number: hashes.slow_hash("secret", b"%d" % number) for number in range(16)])
    assert most[0] <= 2


NOW = 1_000_000.0


def login_for(**changes: Any) -> AuthorizationCode:
    """Return a grant after a login."""
    arguments = {"client_id": "client", "client_secret": SECRET, "refresh_token": "first", **changes}
    return AuthorizationCode(token_endpoint="https://as.example.com/token", **arguments)


def shared(one: Any, other: Any) -> bool:
    """Tell whether two grants share their token."""
    mine, theirs = live_token(one, *NOBODYS), live_token(other, *NOBODYS)
    return mine is theirs


def ask_vault() -> str:
    """Return a secret."""
    return SECRET


def ask_other_vault() -> str:
    """Return the same secret from elsewhere."""
    return SECRET


class Vault:
    """Equal to any other, which must not matter."""

    def __init__(self) -> None:
        """Be one of several."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1

    def read(self) -> str:
        """Return a secret."""
        return SECRET

    def read_other(self) -> str:
        """Return the same secret by another method."""
        return SECRET


EQUAL: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"scope": "a b"}, {"scope": ["a", "b"]}),
    ({"scope": None}, {"scope": ""}),
    ({"audience": "x"}, {"audience": ["x"]}),
    ({"parameters": {"a": "1", "b": "2"}}, {"parameters": {"b": "2", "a": "1"}}),
    ({"headers": {"X-A": "1", "X-B": "2"}}, {"headers": {"x-b": "2", "x-a": "1"}}),
    ({"client_secret": ask_vault}, {"client_secret": ask_vault}),
    (
        {"client_secret": None, "token_endpoint_auth_method": "none"},
        {"client_secret": None, "token_endpoint_auth_method": "none"},
    ),
    ({}, {"resource_server": ResourceServer("https://api.example.com")}),
    ({}, {"revocation_endpoint": "https://as.example.com/revoke"}),
    (
        {"token_endpoint_auth_method": PrivateKeyJWT(claims={"a": 1})},
        {"token_endpoint_auth_method": PrivateKeyJWT(claims={"a": 1})},
    ),
]
DIFFERENT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"client_id": "other"}),
    ({}, {"client_secret": SECRET + "x"}),
    ({}, {"client_secret": ask_vault}),
    ({"client_secret": ask_vault}, {"client_secret": ask_other_vault}),
    ({}, {"token_endpoint": "https://as.example.com/token/"}),
    ({}, {"scope": "a"}),
    ({"scope": "a b"}, {"scope": "b a"}),
    ({"scope": "a"}, {"audience": "a"}),
    ({"audience": "a"}, {"resource": "a"}),
    ({"audience": "a"}, {"audience": "b"}),
    ({"resource": ["a", "b"]}, {"resource": ["ab"]}),
    ({}, {"parameters": {"a": "b"}}),
    ({"parameters": {"a": "bc"}}, {"parameters": {"ab": "c"}}),
    ({"parameters": {"a": "1"}}, {"headers": {"a": "1"}}),
    ({"parameters": {"headers": "x"}}, {"headers": {"x": "headers"}}),
    ({"headers": {"a": "1"}}, {"headers": {"a": "2"}}),
    ({"client_id": "ab", "scope": "c"}, {"client_id": "a", "scope": "bc"}),
    ({"client_id": "a\x00", "audience": "b"}, {"client_id": "a", "audience": "\x00b"}),
    ({}, {"token_endpoint_auth_method": "client_secret_post"}),
    ({"token_endpoint_auth_method": "private_key_jwt"}, {"token_endpoint_auth_method": PrivateKeyJWT(kid="k")}),
    ({"token_endpoint_auth_method": PrivateKeyJWT()}, {"token_endpoint_auth_method": ClientSecretJWT()}),
    (
        {"token_endpoint_auth_method": PrivateKeyJWT(claims={"a": 1})},
        {"token_endpoint_auth_method": PrivateKeyJWT(claims={"a": "1"})},
    ),
    ({"token_endpoint_auth_method": PrivateKeyJWT()}, {"token_endpoint_auth_method": PrivateKeyJWT(audience="x")}),
    ({"token_endpoint_auth_method": PrivateKeyJWT()}, {"token_endpoint_auth_method": PrivateKeyJWT(lifetime=61)}),
    ({"token_endpoint_auth_method": PrivateKeyJWT()}, {"token_endpoint_auth_method": PrivateKeyJWT(alg="PS256")}),
    ({"token_endpoint_auth_method": PrivateKeyJWT()}, {"token_endpoint_auth_method": PrivateKeyJWT(typ=None)}),
    ({"token_endpoint_auth_method": PrivateKeyJWT()}, {"token_endpoint_auth_method": PrivateKeyJWT(backdate=5)}),
    (
        {"token_endpoint_auth_method": PrivateKeyJWT(signer=lambda _: b"", alg="ES256", kid="k")},
        {"token_endpoint_auth_method": PrivateKeyJWT(signer=lambda _: b"", alg="ES256", kid="k")},
    ),
    ({"issuer": "https://as.example.com"}, {"issuer": "https://as.example.com/"}),
]


def test_equal_token_requests_share() -> None:
    """Two grants whose token requests say the same share one token, whatever API they are for."""
    for one, other in EQUAL:
        assert shared(grant_for(**one), grant_for(**other))


def test_different_token_requests_do_not() -> None:
    """Cases 19 and 20: whatever differs on the wire makes two tokens, and no two requests look alike by accident."""
    for one, other in DIFFERENT:
        assert not shared(grant_for(**one), grant_for(**other))


def test_two_logins_are_two() -> None:
    """Two users of one client never get each other's token."""
    cases: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
        ({}, {}, True),
        ({"redirect_uri": "https://x"}, {}, True),
        ({}, {"refresh_token": "other"}, False),
        ({}, {"refresh_token": None}, False),
        ({}, {"client_secret": "wrong"}, False),
        ({"refresh_token": "x", "scope": "y"}, {"refresh_token": "xy"}, False),
    ]
    for one, other, same in cases:
        assert shared(login_for(**one), login_for(**other)) is same
        assert not shared(login_for(), grant_for())


def test_bound_methods_count_by_what_they_are_bound_to() -> None:
    """A method is looked up anew each time and still counts as the same; another object or method does not."""
    one, other = Vault(), Vault()
    assert shared(grant_for(client_secret=one.read), grant_for(client_secret=one.read))
    assert not shared(grant_for(client_secret=one.read), grant_for(client_secret=other.read))
    assert not shared(grant_for(client_secret=one.read), grant_for(client_secret=one.read_other))
    assert not shared(grant_for(client_secret=one.read), grant_for(client_secret=ask_vault))


def test_what_the_user_gave_counts_by_identity() -> None:
    """A store, session, client or clock of one's own makes a token of one's own, by identity and by place."""
    grant, one, other = grant_for(), Vault(), Vault()
    places = [(one, None, None, None), (None, one, None, None), (None, None, one, None), (None, None, None, one)]
    held = [live_token(grant, *place) for place in [*places, (other, None, None, None), NOBODYS]]
    assert len({id(live) for live in held}) == 6
    assert live_token(grant, one, None, None, None) is held[0]
    assert Same(one) != one
    assert Same(one.read) != Same(one)


def test_a_token_lives_as_long_as_what_the_user_gave() -> None:
    """An auth object built per call over one session, client, store or clock finds the token; it ends with that."""
    for place in range(4):
        owner = Vault()

        def live(place: int = place, owner: Vault = owner) -> LiveToken:
            own: list[Any] = [None] * 4
            own[place] = owner if place < 3 else owner.read  # a clock may be a method, made anew whenever it is named
            return live_token(grant_for(), *own)

        mark = weakref.ref(live())
        gc.collect()
        assert mark() is live()
        gone = weakref.ref(owner)
        del owner, live
        gc.collect()
        assert gone() is None
        assert mark() is None


def test_a_token_ends_with_the_first_of_what_the_user_gave() -> None:
    """A session per call over one store leaves no token of a session that is gone."""
    store, session = MemoryStore(), requests.Session()
    mark = weakref.ref(live_token(grant_for(), store, session, None, None))
    del session
    gc.collect()
    assert mark() is None


def test_a_method_lives_as_long_as_what_it_is_bound_to() -> None:
    """A clock may be a method, which is made anew each time it is looked up."""
    vault = Vault()
    mark = weakref.ref(live_token(grant_for(), None, None, None, vault.read))
    gc.collect()
    assert mark() is live_token(grant_for(), None, None, None, vault.read)
    del vault
    gc.collect()
    assert mark() is None


def test_the_least_recently_used_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is bounded; what was used lately stays, and what somebody holds is never doubled."""
    monkeypatch.setattr(table, "TABLE_SIZE", 3)
    grants = [grant_for(client_id=f"client {number}") for number in range(4)]
    marks = [weakref.ref(live_token(grant, *NOBODYS)) for grant in grants[:3]]
    live_token(grants[0], *NOBODYS)
    held = live_token(grants[1], *NOBODYS)
    live_token(grants[0], *NOBODYS)
    live_token(grants[3], *NOBODYS)
    live_token(grant_for(client_id="one more"), *NOBODYS)
    gc.collect()
    assert marks[0]() is not None
    assert marks[2]() is None
    assert live_token(grants[1], *NOBODYS) is held


def test_the_table_has_the_size_that_is_promised() -> None:
    """16,384 grants that nobody holds are kept."""
    assert table.TABLE_SIZE == 16_384


def test_a_login_in_memory_only_is_never_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh token that the server gave and no store has is kept: to drop it would lock the user out."""
    monkeypatch.setattr(table, "TABLE_SIZE", 1)
    marks = []
    for first in ("a", "b", "c"):
        live = live_token(login_for(refresh_token=first), *NOBODYS)
        marks.append(weakref.ref(live))
        if first != "c":
            table.hold_on(live)
    del live
    for number in range(3):
        live_token(grant_for(client_id=f"client {number}"), *NOBODYS)
    gc.collect()
    assert [mark() is None for mark in marks] == [False, False, True], "the third has nothing that could be lost"
    assert live_token(login_for(refresh_token="a"), *NOBODYS) is marks[0]()
    forget_all()
    gc.collect()
    assert [mark() is None for mark in marks] == [True, True, True]


def test_a_login_is_one_however_it_is_asked_for() -> None:
    """A login's refresh token is not spent twice: a session or a client of one's own makes no other login of it."""
    session, client = object(), object()
    live = live_token(login_for(), *NOBODYS)
    assert live_token(login_for(), None, session, None, None) is live
    assert live_token(login_for(), None, None, client, None) is live
    assert live_token(grant_for(), None, session, None, None) is not live_token(grant_for(), *NOBODYS)


def test_a_session_is_not_kept() -> None:
    """What a user lends for logins that nobody holds any more can be collected."""

    class Session:
        """Stands for a session with its connections."""

    session = Session()
    mark = weakref.ref(session)
    live_token(login_for(), None, session, None, None)
    live_token(grant_for(), None, session, None, None)
    del session
    gc.collect()
    assert mark() is None


def test_forget_all() -> None:
    """Every token, refusal and flight of this process is forgotten, also those that somebody holds."""
    held = live_token(grant_for(), *NOBODYS)
    own = live_token(grant_for(), MemoryStore(), None, None, None)
    mark = weakref.ref(live_token(grant_for(client_id="other"), *NOBODYS))
    for live in (held, own):
        live.adopt(Token("t", obtained_at=NOW), NOW)
        live.fail(InvalidClient("x"), NOW)
    forget_all()
    gc.collect()
    assert mark() is None
    for live in (held, own):
        assert live.state(NOW) is State.ABSENT
        assert live.remembered(NOW) is None
        assert live.previous is None
    assert live_token(grant_for(), *NOBODYS) is held


def test_forget_all_forgets_what_was_counted() -> None:
    """What this process counted against a vendor's limit is forgotten too."""
    grant = grant_for(issuance_limit=IssuanceLimit(1, 60.0))
    Budget(grant, None).spend(NOW)
    with pytest.raises(TokenBudgetExceeded):
        Budget(grant, None).spend(NOW)
    forget_all()
    Budget(grant, None).spend(NOW)


def test_forget_all_counts_nothing_where_nobody_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program without limits does not load what counts."""
    monkeypatch.delitem(sys.modules, "oauth_cc_auth._authorization_server.budget")
    forget_all()
    assert "oauth_cc_auth._authorization_server.budget" not in sys.modules


def test_a_frozen_clock_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default clock is looked up when it is asked: a test that freezes time turns the token's life too."""
    source = TokenSource(grant_for())
    source._serving.live.adopt(Token("t", obtained_at=NOW, expires_at=NOW + 3600), NOW)
    monkeypatch.setattr(time, "time", lambda: NOW + 60)
    assert source._serving.ready("anywhere") is None
    assert source.token().access_token == "t"
    assert source._serving.clock() == NOW + 60
    for same in (
        TokenSource(grant_for()),
        TokenSource(grant_for(), clock=time.time),
        pickle.loads(pickle.dumps(source)),
    ):
        assert same._serving.live is source._serving.live, "auth objects that are made meanwhile share"
    monkeypatch.setattr(time, "time", lambda: NOW + 7200)
    assert source._serving.live.state(source._serving.clock()) is State.ABSENT


def test_a_static_token_has_a_state_of_its_own() -> None:
    """A token made by hand is nobody else's, is always fresh, and is no entry of the table."""
    grant = StaticToken("key")
    live = live_token(grant, *NOBODYS)
    assert live.state(0.0) is State.FRESH
    assert live_token(grant, *NOBODYS) is not live


def test_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 17: threads that come at once get one live token."""
    barrier, seen = threading.Barrier(16), []

    def join() -> None:
        grant = grant_for()
        barrier.wait(10)
        seen.append(live_token(grant, *NOBODYS))

    threads = [threading.Thread(target=join) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(seen) == 16
    assert len({id(live) for live in seen}) == 1


def test_store_keys_follow_the_token_request() -> None:
    """Equal grants find each other's token in a store; another secret or scope does not."""
    key = store_key(grant_for(), SECRET)
    assert key == store_key(grant_for(), SECRET)
    assert key not in {
        store_key(grant_for(), "wrong"),
        store_key(grant_for(scope="a"), SECRET),
        store_key(grant_for(client_id="other"), SECRET),
        store_key(grant_for(), None),
    }


@pytest.mark.usefixtures("full_hashes")
def test_store_keys_tell_nothing_about_the_secret() -> None:
    """Case 37: a key in a store is a slow salted hash, of the alphabet of file names."""
    secret, start = f"{SECRET} that nothing has hashed yet", time.process_time()
    key = store_key(grant_for(), secret)
    assert time.process_time() - start > 0.01, "a guess must cost something"
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")
    assert secret not in key
    assert len(store_key(login_for(), None)) == 64


def test_no_secret_is_kept_in_memory() -> None:
    """Case 37: neither the key nor the live token holds the secret."""
    live = live_token(grant_for(), *NOBODYS)
    key = next(key for key, value in table._alive.items() if value is live)
    for text in (repr(key), repr(live), str(table._recent)):
        assert SECRET not in text
    assert SECRET.encode() not in repr(key).encode()
    assert hashes.fingerprint(SECRET) == hashes.fingerprint(SECRET) != hashes.fingerprint("other")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_starts_over(in_child: Callable[[Callable[[], bool]], bool]) -> None:
    """Case 26: locks that a thread of the parent held are free in the child, and no flight of it is waited for."""
    live = live_token(grant_for(), *NOBODYS)
    live.adopt(Token("t", obtained_at=NOW), NOW)
    live.flight = Flight(lambda _: Token("t"), 30.0)

    def child() -> bool:
        free = live.lock.acquire(timeout=5) and table._lock.acquire(timeout=5)
        return bool(free and live.flight is None and live.state(NOW) is State.FRESH)

    with live.lock, table._lock:
        assert in_child(child)
    assert live.flight is not None


def test_starting_over_keeps_tokens() -> None:
    """Case 26: in a child the token itself goes on; what belonged to the parent's threads does not."""
    live = live_token(grant_for(), *NOBODYS)
    live.adopt(Token("t", obtained_at=NOW), NOW)
    live.flight = Flight(lambda _: Token("t"), 30.0)
    before = (live.lock, table._lock)
    table._start_over_in_child()
    assert live.flight is None
    assert live.state(NOW) is State.FRESH
    assert live.lock not in before
    assert table._lock not in before
    assert live_token(grant_for(), *NOBODYS) is live


@pytest.fixture
def in_child() -> Callable[[Callable[[], bool]], bool]:
    """Run work in a forked child and return what it returned."""

    def run(work: Callable[[], bool]) -> bool:
        child = os.fork()
        if not child:
            try:
                os._exit(0 if work() else 1)
            finally:
                os._exit(2)
        return os.waitpid(child, 0)[1] == 0

    return run


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.endurance)])
def test_ten_thousand_grants_are_small(count: int) -> None:
    """A tenant takes at most 2.5 kB in all: grant, source, token, and what presents it; ten thousand fit a process."""

    def tenant(number: int) -> TokenSource:
        source = TokenSource(
            grant_for(client_id=f"client {number}", client_secret=f"secret {number}", scope=f"s{number}")
        )
        token = Token(f"token {number:040}", obtained_at=NOW, expires_at=NOW + 3600)
        source._serving.live.adopt(token, NOW)
        source._serving.present("GET", "https://api.example.com/things", token, "https://api.example.com")
        return source

    held = [tenant(-number) for number in range(100)]
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        held += [tenant(number) for number in range(1, count + 1)]
        gc.collect()
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert (after - before) / count < 2500


def test_who_gives_up_leaves_no_thread() -> None:
    """A second after a caller gave up on a server that never answers, none of its threads is left."""
    release = threading.Event()

    def never(_: object) -> Answer:
        release.wait(20)
        return token_answer()

    def ours() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name.startswith("oauth-cc-auth")]

    with Loopback(never) as server:
        with pytest.raises(TokenEndpointUnavailable):
            TokenSource(grant_for(server.url), timeout=0.3).token()
        for thread in ours():
            thread.join(1.0)
        assert not ours()
        release.set()

"""Tests of the public handle on a live token, mostly over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import copy
import logging
import pickle
import threading
import time
import traceback
import warnings
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NoReturn
from urllib.parse import quote_plus

import httpx
import pytest
import requests
import trio
from loopback import SECRET, TOKEN, Answer, Clock, Loopback, Received, grant_for, run_together, token_answer
from timing import HUNG, eventually

from oauth_cc_auth import (
    AuthorizationCode,
    ConfigurationError,
    InsecureTransport,
    InteractionRequired,
    InvalidClient,
    MemoryStore,
    OAuthError,
    OriginNotAllowed,
    ResourceServer,
    StaticToken,
    Token,
    TokenEndpointUnavailable,
    TokenSource,
    _serving,
    _threads,
    forget_all,
)
from oauth_cc_auth import _source as room
from oauth_cc_auth._life.flight import Flight
from oauth_cc_auth._source import source_of

API = "https://api.example.com"


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Run a token endpoint that numbers its tokens."""
    with Loopback(numbered()) as server:
        yield server


def numbered(**members: Any) -> Callable[[Received], Answer]:
    """Return a reply with a new token each time."""
    count = iter(range(1, 10_000))
    return lambda _: token_answer(f"{TOKEN} {next(count)}", **members)


def source_for(server: Loopback, *, changes: dict[str, Any] | None = None, **settings: Any) -> TokenSource:
    """Return a source of a grant whose token endpoint is this server."""
    return TokenSource(grant_for(f"{server.url}/token", **(changes or {})), **settings)


def token_for(server: Loopback, changes: dict[str, Any]) -> Token:
    """Return the token of a source that is made for this call."""
    return source_for(server, changes=changes).token()


def access_token_of(source: TokenSource) -> str:
    """Return the access token that a source has."""
    return source.token().access_token


def idle(source: TokenSource) -> bool:
    """Tell whether no flight is in the air."""
    return source._serving.live.flight is None


class Gate:
    """A reply that is held until the test opens the gate."""

    def __init__(self, reply: Callable[[Received], Answer] | Answer) -> None:
        """Hold this reply."""
        self.reply, self.opened, self.waiting = reply, threading.Event(), threading.Event()

    def __call__(self, request: Received) -> Answer:
        """Wait, then answer."""
        self.waiting.set()
        assert self.opened.wait(20)
        return self.reply if isinstance(self.reply, Answer) else self.reply(request)


# Construction


def test_a_wrong_timeout_is_refused() -> None:
    """Case 22: what is no number of seconds above 0 is refused at construction."""
    cases: list[Any] = [0, 0.0, -1, float("nan"), float("inf"), "10", None, True, [10], (3.05, 27), 10j]
    for timeout in cases:
        with pytest.raises(ConfigurationError, match="timeout"):
            TokenSource(grant_for(), timeout=timeout)


@pytest.mark.parametrize("timeout", [0.05, 1, 3600])
def test_a_timeout_is_what_it_is(timeout: float) -> None:
    """Case 22: 0.05 is 0.05."""
    assert TokenSource(grant_for(), timeout=timeout)._serving.timeout == timeout


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"store": {}}, "store"),
        ({"store": object()}, "store"),
        ({"clock": 5}, "clock"),
        ({"session": object()}, "session"),
        ({"client": object()}, "client"),
        ({"client": httpx.AsyncClient()}, "client"),
    ],
)
def test_a_wrong_argument_is_named(settings: dict[str, Any], name: str) -> None:
    """What cannot work is refused at construction, and the message names the argument."""
    with pytest.raises(ConfigurationError, match=name):
        TokenSource(grant_for(), **settings)


@pytest.mark.parametrize("grant", [None, "vainu", object(), TOKEN])
def test_what_is_no_grant_is_refused(grant: Any) -> None:
    """A source is made of a grant."""
    with pytest.raises(ConfigurationError, match="grant"):
        TokenSource(grant)


def test_nothing_is_sent_before_it_is_needed(server: Loopback) -> None:
    """A source that nobody asks costs no token request."""
    source_for(server)
    assert server.received == []


# One token for everybody


def test_one_request_for_everybody(server: Loopback) -> None:
    """Case 17: 64 threads, and 200 tasks in two asyncio loops and two trio runs, cold and at once: one request."""
    gate = Gate(token_answer())
    server.replies = [gate]
    sources = [source_for(server) for _ in range(8)]

    async def in_asyncio() -> list[str]:
        return [token.access_token for token in await asyncio.gather(*(sources[0].atoken() for _ in range(50)))]

    async def in_trio() -> list[str]:
        tokens: list[str] = []

        async def wait() -> None:
            tokens.append((await sources[1].atoken()).access_token)

        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(wait)
        return tokens

    threading.Timer(0.2, gate.opened.set).start()
    work: list[Callable[[], object]] = [partial(access_token_of, sources[n % 8]) for n in range(64)]
    work += [lambda: asyncio.run(in_asyncio())] * 2 + [lambda: trio.run(in_trio)] * 2
    results = run_together(*work)
    assert results == [TOKEN] * 64 + [[TOKEN] * 50] * 4
    assert len(server.received) == 1


def test_two_loops_one_after_the_other(server: Loopback) -> None:
    """Case 17: a token outlives the event loop it was obtained in."""
    source = source_for(server)
    assert asyncio.run(source.atoken()) == trio.run(source.atoken) == source.token()
    assert len(server.received) == 1


def test_equal_grants_share_and_others_do_not(server: Loopback) -> None:
    """Case 19: objects that are built per call share one token; another scope is another token, also at once."""
    grants: list[dict[str, Any]] = [
        {},
        {"scope": "a"},
        {"audience": "a"},
        {"client_id": "other"},
        {"headers": {"X": "1"}},
    ]
    tokens = run_together(*[partial(token_for, server, changes) for changes in grants] * 4)
    assert len({getattr(token, "access_token", token) for token in tokens}) == len(grants)
    assert len(server.received) == len(grants)


def test_a_wrong_secret_gets_no_token(server: Loopback) -> None:
    """Case 20: though everything else is equal, and one after the other."""
    server.replies = [token_answer(), Answer(401, {"error": "invalid_client"})]
    source_for(server).token()
    with pytest.raises(InvalidClient):
        source_for(server, changes={"client_secret": "wrong"}).token()
    assert source_for(server).token().access_token == TOKEN


def test_a_slow_vendor_delays_nobody_else(server: Loopback) -> None:
    """Case 18: while one token endpoint takes its time, another's token is had."""
    with Loopback(gate := Gate(token_answer())) as slow:
        thread = threading.Thread(target=source_for(slow).token)
        thread.start()
        assert gate.waiting.wait(10)
        assert source_for(server).token().access_token == f"{TOKEN} 1"
        gate.opened.set()
        thread.join(10)


def test_forget_all_makes_a_cold_start(server: Loopback) -> None:
    """After forget_all a token is asked for anew; what was in the air by then is not taken."""
    source = source_for(server)
    source.token()
    forget_all()
    assert source.token().access_token == f"{TOKEN} 2"
    server.replies = [gate := Gate(token_answer("late")), numbered()]
    source.forget()
    source._serving.prefetch(None)
    assert gate.waiting.wait(10)
    late = source._serving.live.flight
    assert late is not None
    forget_all()
    current = source.token()
    gate.opened.set()
    assert late.wait(10).access_token == "late"
    assert source.token() == current


# Windows


@pytest.mark.parametrize("seconds", [30, 3, 1, "3", 0.5])
def test_a_short_life_is_no_request_per_call(server: Loopback, seconds: object) -> None:
    """Case 21: five calls in a row make one token request, however short a token lives."""
    server.replies = [numbered(expires_in=seconds)]
    clock = Clock()
    source = source_for(server, clock=clock)
    for _ in range(5):
        source.token()
        clock.now += float(str(seconds)) * 0.1
    assert len(server.received) == 1


def test_a_token_that_is_due_is_served_and_renewed_once(server: Loopback) -> None:
    """Case 23: nobody waits for the renewal; when it is there it is served, and it was one."""
    clock = Clock()
    source = source_for(server, clock=clock)
    first = source.token()
    server.replies = [gate := Gate(numbered())]
    clock.now += 3600 * 0.83
    assert run_together(*[source.token] * 16) == [first] * 16
    assert asyncio.run(source.atoken()) == first
    gate.opened.set()
    eventually(lambda: source.token() != first)
    assert len(server.received) == 2


def test_an_outage_while_due_harms_no_call(server: Loopback, caplog: pytest.LogCaptureFixture) -> None:
    """Case 23: the server is down: calls succeed, the failure is logged without a secret; when back, one renewal."""
    clock = Clock()
    source = source_for(server, clock=clock)
    first = source.token()
    server.replies = [Answer(400, {"error": "nope", "error_description": SECRET})]
    clock.now += 3600 * 0.83
    for _ in range(5):
        assert source.token() == first
        eventually(lambda: idle(source))
    assert len(server.received) == 2
    eventually(lambda: "could not renew the token" in caplog.text)
    assert SECRET not in caplog.text
    server.replies = [numbered()]
    clock.now += 31
    assert source.token() == first
    eventually(lambda: source.token() != first)
    assert len(server.received) == 3


def test_an_unexpected_failure_while_due_says_its_class_only(
    server: Loopback, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Case 37: what somebody else's exception says may quote a secret, so its class is logged."""
    clock = Clock()
    source = source_for(server, clock=clock)
    first = source.token()

    def fail(*_: object) -> NoReturn:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr("oauth_cc_auth._life.renewal.Renewal.run", fail)
    clock.now += 3600 * 0.83
    assert source.token() == first
    eventually(lambda: "ZeroDivisionError" in caplog.text)
    assert SECRET not in caplog.text


def test_an_outage_while_expired_is_one_typed_error_for_all(server: Loopback) -> None:
    """Case 23: every waiter gets a copy of one failure, from one attempt; then the next call asks again."""
    server.replies = [gate := Gate(Answer(404))]
    source = source_for(server)
    threading.Timer(0.1, gate.opened.set).start()
    errors: list[Any] = run_together(*[source.token] * 16, *[lambda: asyncio.run(source.atoken())] * 4)
    assert {type(error).__name__ for error in errors} == {"InvalidTokenResponse"}
    assert len({id(error) for error in errors}) == 20
    assert len(server.received) == 1
    server.replies = [numbered()]
    assert source.token().access_token == f"{TOKEN} 1", "case 24: a failure is no token"


def test_a_refusal_is_remembered(server: Loopback) -> None:
    """A wrong secret makes one token request in 5 s, so that it does not lock an account."""
    server.replies = [Answer(401, {"error": "invalid_client"})]
    clock = Clock()
    source = source_for(server, clock=clock)
    for _ in range(5):
        with pytest.raises(InvalidClient):
            source.token()
        with pytest.raises(InvalidClient):
            asyncio.run(source.atoken())
        clock.now += 0.9
    assert len(server.received) == 1
    clock.now += 1
    with pytest.raises(InvalidClient):
        source.token()
    assert len(server.received) == 2


@pytest.mark.parametrize(
    ("read", "requests"),
    [(lambda _: "the same", [1, 1, 1, 1, 1, 2]), (lambda n: f"number {n}", [2, 4, 4, 4, 4, 4, 6])],
    ids=["the same", "new each time"],
)
def test_a_refused_secret_is_looked_at_again(server: Loopback, read: Callable[[int], str], requests: list[int]) -> None:
    """Whoever exchanges a secret late need not wait for 5 s; nobody asks more often for that, nor reads once a call."""
    server.replies = [Answer(401, {"error": "invalid_client"})]
    clock, reads, seen = Clock(), [0], []

    def secret() -> str:
        reads[0] += 1
        return read(reads[0])

    source = source_for(server, changes={"client_secret": secret}, clock=clock)
    for _ in requests:
        for _ in range(3):
            with pytest.raises(InvalidClient):
                source.token()
        seen.append(len(server.received))
        clock.now += 1.01
    assert seen == requests
    assert reads[0] <= 2 * len(requests)


def test_others_may_be_luckier(server: Loopback) -> None:
    """Who has to stay away from the server takes the token that somebody else has left in the store meanwhile."""
    server.replies = [Answer(429, b"", {"Retry-After": "600"}), numbered()]
    clock, store = Clock(), MemoryStore()
    mine, theirs = (source_for(server, clock=turn, store=store) for turn in (clock, lambda: clock.now))
    assert mine._serving.live is not theirs._serving.live
    for _ in range(4):
        with pytest.raises(TokenEndpointUnavailable):
            mine.token()
        clock.now += 0.6
    assert len(server.received) == 1
    token = theirs.token()
    clock.now += 1.1
    assert mine.token().access_token == token.access_token
    assert len(server.received) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(server: Loopback, status: int) -> None:
    """Case 25: ten calls make one token request and say how long to wait; another grant is not held back."""
    server.replies = [Answer(status, b"", {"Retry-After": "30"}), numbered()]
    clock = Clock()
    source = source_for(server, clock=clock)
    for call in range(10):
        with pytest.raises(TokenEndpointUnavailable) as caught:
            source.token()
        assert caught.value.retry_after == pytest.approx(30 - call, abs=1)
        clock.now += 1
    assert len(server.received) == 1
    assert source_for(server, clock=clock, changes={"scope": "other"}).token().access_token
    clock.now += 20
    assert source.token().access_token
    assert len(server.received) == 3


@pytest.mark.parametrize("jump", [86_400.0, -86_400.0, 1e9, -900_000.0])
def test_the_clock_jumps(server: Loopback, jump: float) -> None:
    """Case 28: a jump by a day, a year or a fortnight costs at most one token request, and no call fails."""
    clock = Clock()
    source = source_for(server, clock=clock)
    source.token()
    clock.now += jump
    for _ in range(5):
        assert source.token().access_token
        eventually(lambda: idle(source))
    assert len(server.received) == 2
    clock.now -= jump
    for _ in range(5):
        assert source.token().access_token
        eventually(lambda: idle(source))
    assert len(server.received) <= 3


def test_a_jump_back_ends_what_was_remembered(server: Loopback) -> None:
    """Case 28: a pause that the server asked for does not become a day."""
    server.replies = [Answer(503, b"", {"Retry-After": "30"}), numbered()]
    clock = Clock()
    source = source_for(server, clock=clock)
    with pytest.raises(TokenEndpointUnavailable):
        source.token()
    clock.now -= 86_400
    assert source.token().access_token


# The request


def test_headers_go_where_they_belong(server: Loopback) -> None:
    """Cases 4 and 5: the grant's headers and audience reach the token endpoint on each renewal, the API's never."""
    api = ResourceServer(API, headers={"X-Api": "1"})
    changes = {"headers": {"X-Token": "2"}, "audience": "a", "resource": ["r1", "r2"], "resource_server": api}
    source = source_for(server, changes=changes)
    for _ in range(3):
        headers = source.headers("GET", f"{API}/x")
        assert headers["X-Api"] == "1"
        assert "X-Token" not in headers
        source.forget()
    assert len(server.received) == 3
    for received in server.received:
        assert received.headers["x-token"] == "2"
        assert "x-api" not in received.headers
        assert [value for name, value in received.form if name in ("audience", "resource")] == ["a", "r1", "r2"]


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_is_not_followed(server: Loopback, status: int) -> None:
    """Case 8: the secret goes nowhere else, and the error says which redirect it was."""
    with Loopback() as other:
        server.replies = [Answer(status, b"", {"Location": f"{other.url}/else"})]
        with pytest.raises(OAuthError, match=f"HTTP {status}.*redirects to {other.url}/else"):
            source_for(server).token()
        assert other.received == []


def test_a_huge_answer_is_an_error(server: Loopback) -> None:
    """Case 16: 10 MiB of answer are a typed error."""
    server.replies = [Answer(200, chunks=(b" " * (1 << 16) for _ in range(160)))]
    with pytest.raises(OAuthError, match="longer than"):
        source_for(server).token()


def test_a_refresh_token_is_not_used(server: Loopback) -> None:
    """Case 15: the next request of client credentials is like the first."""
    server.replies = [numbered(refresh_token="r")]
    source = source_for(server)
    source.token()
    source.forget()
    source.token()
    assert server.received[0].form == server.received[1].form == [("grant_type", "client_credentials")]


def test_lent_sessions_and_clients_come_back(server: Loopback) -> None:
    """Case 9: what was lent sent the token request, has no auth and no cookie since, and is open."""
    server.replies = [token_answer("a"), Answer(200, {"access_token": "b"}, {"Set-Cookie": "a=b"}), Answer(200)]
    with requests.Session() as session, httpx.Client() as client:
        session.headers["X-Lent"] = client.headers["X-Lent"] = "1"
        assert source_for(server, session=session).token().access_token == "a"
        assert source_for(server, client=client).token().access_token == "b"
        assert (session.auth, dict(session.cookies), dict(client.cookies), client.is_closed) == (None, {}, {}, False)
    assert [received.headers.get("x-lent") for received in server.received] == ["1", "1"]


def test_timeouts_belong_to_the_handle(server: Loopback) -> None:
    """A short timeout is kept though another handle of the same token has a long one."""
    server.replies = [gate := Gate(token_answer())]
    patient, hasty = source_for(server), source_for(server, timeout=0.02)
    assert patient._serving.live is hasty._serving.live
    thread = threading.Thread(target=patient.token)
    thread.start()
    assert gate.waiting.wait(10)
    start = time.monotonic()
    with pytest.raises(TokenEndpointUnavailable, match=r"after 0\.06 s"):
        hasty.token()
    with pytest.raises(TokenEndpointUnavailable):
        asyncio.run(hasty.atoken())
    assert time.monotonic() - start < 5
    gate.opened.set()
    thread.join(10)
    assert hasty.token() == patient.token()


def test_a_flight_that_is_lost_is_replaced(server: Loopback) -> None:
    """A flight whose thread died without a word does not keep everybody waiting for ever."""
    source = source_for(server, timeout=5.0)
    dead: Flight[Token] = Flight(lambda _: Token("x"), -1.0)
    source._serving.live.flight = dead
    assert source.token().access_token == f"{TOKEN} 1"


# Leaving


def test_a_cancelled_task_does_not_end_the_flight(server: Loopback) -> None:
    """Case 27: the next call is served by the flight that the cancelled task had opened."""
    server.replies = [gate := Gate(numbered())]
    source = source_for(server)

    async def main() -> str:
        task = asyncio.create_task(source.atoken())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(source.atoken(), 0.01)
        gate.opened.set()
        return (await source.atoken()).access_token

    assert asyncio.run(main()) == f"{TOKEN} 1"
    assert len(server.received) == 1


def test_an_interrupt_does_not_end_the_flight(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 27: after a KeyboardInterrupt in a waiting thread the next call works, and nothing was repeated."""
    server.replies = [gate := Gate(numbered())]
    source = source_for(server)

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Flight, "_block", interrupt)
        with pytest.raises(KeyboardInterrupt):
            source.token()
    gate.opened.set()
    assert source.token().access_token == f"{TOKEN} 1"
    assert len(server.received) == 1


def no_thread(*_: object, **__: object) -> NoReturn:
    """Behave as Thread does while the interpreter exits."""
    message = "can't start new thread at interpreter shutdown"
    raise RuntimeError(message)


def test_at_exit_the_flight_is_flown_inline(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 26: where no thread can be started, a caller without a token asks by itself; one that is due is served."""
    clock = Clock()
    source = source_for(server, clock=clock)
    monkeypatch.setattr(_threads, "Thread", no_thread)
    monkeypatch.setattr(server._server, "process_request", server._server.process_request)
    with monkeypatch.context() as patch:
        patch.setattr("socketserver.threading.Thread", threading.Thread)
        first = source.token()
    clock.now += 3600 * 0.83
    assert source.token() == first
    assert len(server.received) == 1


def test_a_program_that_is_interrupted_goes_on(server: Loopback) -> None:
    """Case 26: copies and pickles of a source share its token again in this process, and carry none away."""
    source = source_for(server, timeout=3.0)
    token = source.token()
    raw = pickle.dumps(source)
    assert TOKEN.encode() not in raw
    for twin in (copy.copy(source), copy.deepcopy(source), pickle.loads(raw)):
        assert twin is not source
        assert (twin.grant, twin._serving.timeout) == (source.grant, 3.0)
        assert twin.token() == token
    forget_all()
    assert len(server.received) == 1
    assert pickle.loads(raw).token() != token


def test_copies_keep_what_was_lent(server: Loopback) -> None:
    """A copy of a source has its store, session, client and clock."""
    store, clock = MemoryStore(), Clock()
    with requests.Session() as session:
        source = source_for(server, store=store, session=session, clock=clock)
        for twin in (copy.copy(source), copy.deepcopy(source)):
            assert (twin._serving.store, twin._serving.session, twin._serving.clock) == (store, session, clock)
            assert twin._serving.live is source._serving.live


# Refusals


def heard(source: TokenSource, token: Token, status: int, challenge: str | None = None, url: str = API) -> bool:
    """Tell the source how an answer to this token was, and return whether the request may go once more."""
    attempt = source.attempts("GET", API).resume(token, {})
    return attempt.heard(status, {} if challenge is None else {"www-authenticate": challenge}, url=url)


def test_a_rejected_token_is_replaced(server: Loopback) -> None:
    """Case 29: 64 concurrent refusals of one token make one renewal, and a late one renews nothing."""
    source = source_for(server)
    first = source.token()

    def refused() -> Token:
        assert source.reject(first)
        return source.token()

    assert len({getattr(token, "access_token", token) for token in run_together(*[refused] * 64)}) == 1
    assert len(server.received) == 2
    assert source.reject(first)
    assert source.token().access_token == f"{TOKEN} 2"


def test_a_persistent_refusal_is_held_back(server: Loopback) -> None:
    """Case 30: a thousand calls to an API that refuses every token make a handful of token requests."""
    clock = Clock()
    source = source_for(server, clock=clock)
    for _ in range(1000):
        token = source.token()
        if heard(source, token, 401):
            assert not heard(source, source.token(), 401)
        clock.now += 0.1
    assert len(server.received) <= 10
    before = len(server.received)
    assert not heard(source, source.token(), 200)
    assert source.reject(source.token())
    assert source.token().access_token
    assert len(server.received) == before + 1


@pytest.mark.parametrize(("status", "settles"), [(200, True), (404, True), (403, True), (500, False), (503, False)])
def test_what_ends_holding_back(server: Loopback, status: int, settles: bool) -> None:
    """Case 30: an answer below 500 that is no refusal says that the token was taken; one above says nothing."""
    source = source_for(server)
    source.reject(source.token())
    token = source.token()
    assert not heard(source, token, status)
    assert source.reject(token) is settles


def test_a_refusal_from_elsewhere_is_none(server: Loopback) -> None:
    """Case 33: a 401 from an origin that is not the API's is not about our token."""
    source = source_for(server, changes={"resource_server": ResourceServer(API)})
    token = source.token()
    assert not heard(source, token, 401, "Bearer", "https://other.example/")
    assert not heard(source, token, 401, "Bearer", "not a url")
    assert not heard(source, token, 403, "Bearer", f"{API}/x")
    assert source.token() is token
    assert heard(source, token, 401, "Bearer", f"{API}/x")


def test_a_token_that_was_taken_may_be_refused_again(server: Loopback) -> None:
    """`accept` ends the trial of a renewed token, so that the next refusal renews again, however often that happens."""
    source = source_for(server)
    for _ in range(4):
        assert source.reject(source.token())
        source.accept(source.token())
    assert source.reject(source.token())


def test_the_token_as_text(server: Loopback) -> None:
    """`access_token` is a function that returns the token's text, for clients that ask for a key before each call."""
    source = source_for(server)
    ask = source.access_token
    assert ask() == source.token().access_token
    source.reject(source.token())
    assert ask() == f"{TOKEN} 2"


def test_forgetting(server: Loopback) -> None:
    """A forgotten token is asked for anew, also where a store has it still."""
    for store in (None, MemoryStore()):
        source = source_for(server, store=store)
        first = source.token()
        source.forget()
        assert source.token() != first
        source.forget()
        source.forget()


def test_prefetching_waits_for_nothing(server: Loopback) -> None:
    """A flight is opened, and the caller goes on."""
    server.replies = [gate := Gate(numbered())]
    source = source_for(server)
    source._serving.prefetch(None)
    source._serving.prefetch("requests")
    gate.opened.set()
    assert source.token().access_token == f"{TOKEN} 1"
    server.replies = [unwanted := Gate(numbered())]
    source._serving.prefetch(None)
    assert idle(source), "a token that is fresh is not asked for"
    unwanted.opened.set()
    assert len(server.received) == 1


# Revocation


def revocable(server: Loopback, **changes: Any) -> dict[str, Any]:
    """Return the changes that make a grant revocable at this server."""
    return {"revocation_endpoint": f"{server.url}/revoke", **changes}


def revoke_in_asyncio(source: TokenSource) -> None:
    """Revoke."""
    asyncio.run(source.arevoke())


def revoke_in_trio(source: TokenSource) -> None:
    """Revoke."""
    trio.run(source.arevoke)


REVOKE = pytest.mark.parametrize("revoke", [TokenSource.revoke, revoke_in_asyncio, revoke_in_trio])


@REVOKE
@pytest.mark.parametrize("with_store", [True, False])
@pytest.mark.requirement("7009-not-again")
def test_revoking(server: Loopback, revoke: Callable[[TokenSource], None], with_store: bool) -> None:
    """RFC 7009: the token is revoked at the server, forgotten here and in the store; the next call has another."""
    store = MemoryStore() if with_store else None
    source = source_for(server, store=store, changes=revocable(server))
    token = source.token()
    revoke(source)
    assert server.received[1].path == "/revoke"
    assert ("token", token.access_token) in server.received[1].form
    assert store is None or store._tokens == {}
    revoke(source)
    assert len(server.received) == 2, "there was nothing left to revoke"
    assert source.token() != token


@REVOKE
def test_a_revocation_that_fails_says_so(server: Loopback, revoke: Callable[[TokenSource], None]) -> None:
    """The error is typed, and the token is not used any more all the same."""
    source = source_for(server, changes=revocable(server))
    source.token()
    server.replies = [Answer(400, {"error": "unsupported_token_type"}), token_answer("another")]
    with pytest.raises(OAuthError, match="unsupported_token_type"):
        revoke(source)
    assert source.token().access_token == "another"


@pytest.mark.parametrize("grant", [grant_for(), StaticToken(SECRET)])
def test_what_cannot_be_revoked_says_so(grant: Any) -> None:
    """Without a revocation endpoint the error says what forget() does."""
    with pytest.raises(ConfigurationError, match="revocation_endpoint"):
        TokenSource(grant).revoke()
    with pytest.raises(ConfigurationError, match="revocation_endpoint"):
        asyncio.run(TokenSource(grant).arevoke())


def test_revoking_a_login(server: Loopback) -> None:
    """RFC 7009 §2.1: it is the refresh token that is revoked, also after its access token was forgotten."""
    server.replies = [token_answer(refresh_token="second"), Answer(200), Answer(200)]
    grant = AuthorizationCode(
        token_endpoint=f"{server.url}/token",
        client_id="client",
        client_secret=SECRET,
        refresh_token="first",
        revocation_endpoint=f"{server.url}/revoke",
    )
    source = TokenSource(grant)
    source.token()
    source.forget()
    source.revoke()
    assert ("token", "second") in server.received[1].form
    assert ("token_type_hint", "refresh_token") in server.received[1].form


def test_a_login_without_a_refresh_token(server: Loopback) -> None:
    """Only a user can help, and nothing is sent."""
    source = TokenSource(AuthorizationCode(token_endpoint=f"{server.url}/t", client_id="c", client_secret=SECRET))
    with pytest.raises(InteractionRequired):
        source.token()
    assert server.received == []


@pytest.mark.parametrize("can_revoke", [True, False])
def test_disowning(server: Loopback, can_revoke: bool) -> None:
    """A token that a redirect carried away is forgotten, revoked where that is possible, and warned about."""
    source = source_for(server, changes=revocable(server) if can_revoke else None)
    token = source.token()
    with pytest.warns(RuntimeWarning, match=r"carried a token to evil\.example") as caught:
        source._serving.disown(token, "evil.example")
    assert TOKEN not in str(caught[0].message)
    eventually(lambda: not can_revoke or server.received[1:])
    assert source.token() != token
    paths = [received.path for received in server.received]
    assert paths == ["/token", *["/revoke"] * can_revoke, "/token"]


# Where it goes


def test_headers_for_anything_else(server: Loopback) -> None:
    """gRPC, websockets and the rest get headers, sync and async, and only for the API's origins."""
    source = source_for(server, changes={"resource_server": ResourceServer(API)})
    assert source.headers("GET", f"{API}/x") == {"Authorization": f"Bearer {TOKEN} 1"}
    assert asyncio.run(source.aheaders("GET", f"{API}/x")) == {"Authorization": f"Bearer {TOKEN} 1"}


@pytest.mark.parametrize(
    ("url", "error"), [("https://evil.example", OriginNotAllowed), ("http://api.example.com", OriginNotAllowed)]
)
def test_nothing_is_sent_where_the_token_may_not_go(server: Loopback, url: str, error: type[OAuthError]) -> None:
    """Case 36: asking elsewhere raises before anything is sent, a token request included."""
    source = source_for(server, changes={"resource_server": ResourceServer(API)})
    with pytest.raises(error):
        source.headers("GET", url)
    with pytest.raises(error):
        asyncio.run(source.aheaders("GET", url))
    assert server.received == []


@pytest.mark.parametrize("allowed", [True, False])
def test_plain_http_asks_for_the_word(server: Loopback, allowed: bool) -> None:
    """A token goes over plain http only if the grant says so."""
    source = source_for(server, changes={"allow_insecure_http": allowed})
    if allowed:
        assert source.headers("GET", "http://api.example.com")
        return
    with pytest.raises(InsecureTransport):
        source.headers("GET", "http://api.example.com")


def test_a_pin_is_never_widened_by_another_handle(server: Loopback) -> None:
    """The token is shared; where it may go is not."""
    wide = source_for(server, changes={"resource_server": ResourceServer("https://other.example")})
    pinned = source_for(server, changes={"resource_server": ResourceServer(API)})
    assert wide._serving.live is pinned._serving.live
    wide.headers("GET", "https://other.example")
    with pytest.raises(OriginNotAllowed):
        pinned.headers("GET", "https://other.example")


def test_the_hot_path(server: Loopback) -> None:
    """A presented token is ready where it is fresh and was presented to this origin before, and never else."""
    clock = Clock()
    source = source_for(server, clock=clock)
    assert source._serving.ready(API) is None
    source._serving.admit(f"{API}/x")
    assert source._serving.ready(API) is None
    value = source._serving.present("GET", f"{API}/x", source.token(), API)
    assert source._serving.ready(API) is value
    assert source._serving.present("GET", f"{API}/x", source.token(), API) is value
    assert source._serving.ready("https://other.example") is None
    clock.now += 3600 * 0.83
    assert source._serving.ready(API) is None
    clock.now -= 86_400
    assert source._serving.ready(API) is None
    clock.now += 86_400 - 3600 * 0.83
    source.forget()
    assert source._serving.ready(API) is None
    source.token()
    assert source._serving.ready(API) is None, "another token is not the one that was presented"


def test_what_is_not_admitted_is_not_remembered(server: Loopback) -> None:
    """An origin that was refused is never ready."""
    source = source_for(server, changes={"resource_server": ResourceServer(API)})
    source._serving.present("GET", API, source.token(), API)
    with pytest.raises(OriginNotAllowed):
        source._serving.admit("https://evil.example")
    with pytest.raises(OriginNotAllowed):
        source._serving.present("GET", "https://evil.example", source.token(), "https://evil.example")
    assert source._serving.ready("https://evil.example") is None
    source._serving.admit(API)
    assert source._serving.ready(None) is None
    assert source._serving.ready(API) is not None


def test_a_crawler_does_not_fill_the_memory(server: Loopback) -> None:
    """The set of admitted origins is bounded, and works on after it was emptied."""
    source = source_for(server)
    for number in range(_serving._ADMITTED_SIZE * 3):
        source._serving.present("GET", f"https://host-{number}.example", source.token(), number)
        assert source._serving.ready(number) is not None
        assert len(source._serving._admission[1]) <= _serving._ADMITTED_SIZE


def test_a_static_token(server: Loopback) -> None:
    """A token made by hand is presented like any other, and nothing can be had for it when it is refused."""
    source = TokenSource(StaticToken("key", resource_server=ResourceServer(API, header="X-Key", scheme=None)))
    assert source.headers("GET", API) == {"X-Key": "key"}
    assert asyncio.run(source.atoken()).access_token == "key"
    assert not source.reject(source.token())
    source.forget()
    source._serving.prefetch(None)
    with pytest.warns(RuntimeWarning):
        source._serving.disown(source.token(), "evil.example")
    assert source.token().access_token == "key"


# Stores


class Broken(MemoryStore):
    """A store that fails in one method."""

    def __init__(self, broken: str) -> None:
        """Fail in this one."""
        super().__init__()
        self.broken = broken

    def __getattribute__(self, name: str) -> Any:
        """Return a method that fails, if it is the one."""
        if name == super().__getattribute__("broken" if name != "broken" else "__class__"):

            def fail(*_: object) -> NoReturn:
                raise OSError(f"{TOKEN} {SECRET}")

            return fail
        return super().__getattribute__(name)


@pytest.mark.parametrize("method", ["load", "save", "discard", "lock"])
def test_a_broken_store_breaks_no_call(server: Loopback, method: str, caplog: pytest.LogCaptureFixture) -> None:
    """Case 24: every call has its token, revocation included, and the warning quotes nothing."""
    caplog.set_level(logging.DEBUG)
    store = MemoryStore()
    source = source_for(server, store=store, changes=revocable(server))
    source._serving.store = Broken(method)
    source.token()
    source.reject(source.token())
    source.token()
    source.revoke()
    assert source.token().access_token
    assert "the token store failed" in caplog.text
    assert SECRET not in caplog.text
    assert TOKEN not in caplog.text


def test_two_stores_are_two_tokens(server: Loopback) -> None:
    """A store keeps the tokens of two tenants apart; sources of one store share."""
    one, other = MemoryStore(), MemoryStore()
    tokens = [source_for(server, store=store).token() for store in (one, other, one, None)]
    assert tokens[0] == tokens[2]
    assert len({token.access_token for token in tokens}) == 3


# Secrets


def test_a_canary_is_seen_nowhere(server: Loopback, caplog: pytest.LogCaptureFixture) -> None:
    """Case 37: secret and token are in no repr, log, warning, pickle or exception, frames and causes included."""
    caplog.set_level(logging.DEBUG)
    clock, shown = Clock(), list[object]()

    def echoing(request: Received) -> Answer:
        text = f"{request.body.decode()} {request.headers.get('authorization')}"
        return Answer(400, {"error": SECRET, "error_description": text})

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for method in ("client_secret_basic", "client_secret_post", "client_secret_json"):
            source = source_for(
                server,
                clock=clock,
                store=MemoryStore(),
                changes=revocable(server, token_endpoint_auth_method=method),
            )
            server.replies = [numbered(), echoing, echoing, numbered()]
            token = source.token()
            shown += [repr(thing) for thing in (source, token, source._serving.live, source._serving.store)]
            shown += [repr(source._serving.present("GET", API, token, API)), str(token), str(source)]
            source.forget()
            for ask in (source.token, partial(in_asyncio, source)):
                shown += shown_by(failure_of(ask))
            clock.now += 10
            shown += shown_by(failure_of(source.token))
            clock.now += 10
            source._serving.disown(source.token(), "evil.example")
            eventually(partial(revoked, server))
    shown += [str(warning.message) for warning in warned]
    assert len(warned) == 3
    everything = "\n".join([*map(str, shown), caplog.text])
    assert "token obtained from" in everything
    assert len(server.received) >= 3 * 4
    for canary in ("canary-token", "canary-secret", "J7%23p%25k", SECRET, TOKEN):
        assert canary not in everything, canary


def revoked(server: Loopback) -> bool:
    """Tell whether the last request was a revocation."""
    return server.received[-1].path == "/revoke"


def test_headers_do_not_show_the_token(server: Loopback) -> None:
    """Case 37: headers for anything else may be printed and logged as a whole."""
    source = source_for(server)
    for headers in (source.headers("GET", API), asyncio.run(source.aheaders("GET", API))):
        assert headers == {"Authorization": f"Bearer {TOKEN} 1"}
        for text in (repr(headers), str(headers), f"{headers}"):
            assert TOKEN not in text


def in_asyncio(source: TokenSource) -> Token:
    """Return the token, had in an event loop."""
    return asyncio.run(source.atoken())


def failure_of(ask: Callable[[], object]) -> OAuthError:
    """Return the error that asking raises."""
    with pytest.raises(OAuthError) as caught:
        ask()
    return caught.value


def shown_by(error: BaseException) -> list[object]:
    """Return what is shown of an exception and of those behind it, with the locals of their frames."""
    shown: list[object] = ["".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())]
    here: BaseException | None = error
    while here is not None:
        shown += [str(here), repr(here), here.args, dict(vars(here))]
        here = here.__cause__ or here.__context__
    return [*shown, pickle.dumps(error)]


@pytest.mark.parametrize("library", ["requests", "httpx", "httpx2"])
@pytest.mark.parametrize(
    "changes", [{"client_id": "ü€"}, {"client_secret": "ü€"}, {"audience": "ü€"}, {"parameters": {"ü": "€"}}], ids=repr
)
def test_letters_travel(server: Loopback, library: str, changes: dict[str, Any]) -> None:
    """What is beyond ASCII in id, secret and parameters reaches the server by each library."""
    source_for(server, changes=changes)._serving.obtain(library)
    ((name, value),) = next(iter(changes.values())).items() if "parameters" in changes else changes.items()
    received = server.received[0]
    if name in ("client_id", "client_secret"):
        assert quote_plus(value) in b64decode(received.headers["authorization"].removeprefix("Basic ")).decode()
    else:
        assert (name, value) in received.form


@pytest.mark.parametrize("waits", ["thread", "task"])
def test_a_token_that_ends_while_its_last_moments_are_waited_for(waits: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that waits for a better token in the last moments of one goes on waiting when that one ends meanwhile."""
    clock, asked, waiting_on = Clock(), threading.Event(), threading.Event()
    wait, await_ = Flight.wait, Flight.await_

    def see(limit: float) -> None:
        # First for half of what is left of the old token, which ends before that; then for as long as for any.
        if limit < 1:
            assert asked.wait(HUNG)
        else:
            waiting_on.set()

    def seen_wait(flight: Flight[Any], limit: float) -> Any:
        see(limit)
        return wait(flight, limit)

    async def seen_await(flight: Flight[Any], limit: float) -> Any:
        see(limit)
        return await await_(flight, limit)

    def answer(_: Received) -> Answer:
        clock.now += 1.0
        asked.set()
        assert waiting_on.wait(HUNG)
        return token_answer("second")

    with Loopback(token_answer("first"), answer) as server:
        source = TokenSource(grant_for(f"{server.url}/token"), clock=clock)
        assert source.token().access_token == "first"
        monkeypatch.setattr(Flight, "wait", seen_wait)
        monkeypatch.setattr(Flight, "await_", seen_await)
        clock.now += 3600 - 0.02
        token = asyncio.run(source.atoken()) if waits == "task" else source.token()
    assert token.access_token == "second"


# The doors' way in


def test_a_door_takes_a_grant_or_a_source() -> None:
    """A grant makes a source of its own; a source is taken as it is, and nothing may contradict it."""
    source = TokenSource(grant_for())
    assert source_of(source, store=None, session=None, timeout=room.TIMEOUT) is source
    made = source_of(grant_for(), store=None, session=None, timeout=3.0)
    assert made is not source
    assert made._serving.timeout == 3.0
    assert made._serving.live is source._serving.live
    with pytest.raises(ConfigurationError, match="store and timeout: pass to the TokenSource"):
        source_of(source, store=MemoryStore(), session=None, timeout=3.0)


def test_numbers() -> None:
    """The contract's numbers: 10 s per attempt, and a stated limit for those who wait."""
    assert (room.TIMEOUT, room.PATIENCE) == (10.0, 3.0)


def test_what_a_source_shows() -> None:
    """`help(TokenSource)` and completion show what a user may call, and nothing else."""
    assert {name for name in dir(TokenSource) if not name.startswith("_")} == {
        *("abase_url", "accept", "access_token", "aheaders", "arevoke", "atoken", "attempts", "aurl", "base_url"),
        *("forget", "grant", "headers", "reject", "revoke", "status", "token", "url"),
    }

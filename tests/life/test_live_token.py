"""Tests of the shared state of a token: every decision from a state and a time."""

from __future__ import annotations

from typing import Any

import pytest
from loopback import TOKEN

from oauth_cc_auth import (
    InsecureTransport,
    InteractionRequired,
    InvalidClient,
    InvalidGrant,
    InvalidTokenResponse,
    OAuthError,
    Token,
    TokenEndpointUnavailable,
    TokenRequestError,
)
from oauth_cc_auth._life import live_token as room
from oauth_cc_auth._life.fixed_token import FixedToken
from oauth_cc_auth._life.flight import Flight
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._life.state import State
from oauth_cc_auth._token import CLOCK_TOLERANCE

NOW = 1_000_000.0
A_DAY = 86_400.0


@pytest.fixture(autouse=True)
def no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the end of each span that is drawn from."""
    monkeypatch.setattr("random.uniform", lambda _, last: last)


def token_of(name: str = TOKEN, *, at: float = NOW, seconds: float | None = 3600.0) -> Token:
    """Return a token obtained at this time that lives so long."""
    return Token(name, obtained_at=at, expires_at=None if seconds is None else at + seconds)


def live_with(token: Token, now: float = NOW) -> LiveToken:
    """Return the state after this token was obtained."""
    live = LiveToken()
    live.adopt(token, now)
    return live


def refused_and_renewed(names: str = "ab") -> LiveToken:
    """Return the state after the first of these tokens was refused, and the second obtained because of that."""
    live = live_with(token_of(names[0]))
    assert live.reject(token_of(names[0]), NOW)
    live.adopt(token_of(names[1]), NOW)
    return live


def test_begins_without_a_token() -> None:
    """At first there is nothing to serve, nothing held back, nothing remembered."""
    live = LiveToken()
    assert live.state(NOW) is State.ABSENT
    assert live.may_renew(NOW)
    assert live.remembered(NOW) is None
    assert not live.unsettled


def test_windows() -> None:
    """Case 21: fresh for 82 % of the life at most, then due, then expired in the last 5 % or 10 s, at any lifetime."""
    cases: list[float] = [86_400.0, 3600.0, 30.0, 3.0, 1.0]
    for seconds in cases:
        live = live_with(token_of(seconds=seconds))
        expired = NOW + seconds - min(seconds * 0.05, 10)
        assert live.state(NOW) is State.FRESH
        assert live.state(NOW + seconds * 0.8199) is State.FRESH
        assert live.state(NOW + seconds * 0.8201) is State.DUE
        assert live.state(expired - seconds * 0.001) is State.DUE
        assert live.state(expired) is State.ENDING
        ending = (expired + NOW + seconds) / 2
        assert live.state(ending) is State.ENDING
        assert live.alive(ending) is live.window.token
        assert live.state(NOW + seconds) is State.ABSENT
        assert live.alive(NOW + seconds) is None


def test_due_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment is drawn uniformly from 80 to 82 % of the life, so that processes do not all renew together."""
    asked: list[tuple[float, float]] = []

    def uniform(first: float, last: float) -> float:
        asked.append((first, last))
        return first

    monkeypatch.setattr("random.uniform", uniform)
    live = live_with(token_of(seconds=100.0))
    assert asked == [(0.80, 0.82)]
    assert live.state(NOW + 79.9) is State.FRESH
    assert live.state(NOW + 80.1) is State.DUE


def test_a_token_without_an_end_stays_fresh() -> None:
    """A token that lives until it is refused does not care for the clock."""
    cases: list[float] = [0.0, A_DAY, -A_DAY, 1e10, -NOW]
    for jump in cases:
        assert live_with(token_of(seconds=None)).state(NOW + jump) is State.FRESH


def test_the_clock_jumps() -> None:
    """Case 28: a token from more than 60 s in the future is served and renewed; one that is over is renewed."""
    cases: list[tuple[float, State]] = [
        (-59.0, State.FRESH),
        (-60.0, State.FRESH),
        (-61.0, State.DUE),
        (-A_DAY, State.DUE),
        (A_DAY, State.ABSENT),
    ]
    for jump, state in cases:
        assert live_with(token_of()).state(NOW + jump) is state


def test_a_token_from_the_future_is_renewed_once() -> None:
    """Case 28: after a clock was set back, one new token is enough."""
    live = live_with(token_of())
    earlier = NOW - A_DAY
    assert live.state(earlier) is State.DUE
    live.adopt(token_of("b", at=earlier), earlier)
    assert live.state(earlier) is State.FRESH


def test_the_same_token_again_counts_from_the_last_answer() -> None:
    """Where the server hands out the running token again, the windows begin anew."""
    live = live_with(token_of(seconds=100.0))
    live.adopt(token_of(at=NOW + 90, seconds=10.0), NOW + 90)
    assert live.state(NOW + 91) is State.FRESH
    assert live.state(NOW + 99) is State.DUE
    assert not live.unsettled


def test_a_signal_may_come_at_any_moment() -> None:
    """A handler that calls the API while its own thread decides something does not wait for itself."""
    live = live_with(token_of(seconds=100.0))
    with live.lock:
        assert live.lock.acquire(blocking=False)
        live.lock.release()


REFUSALS = [
    InvalidClient("invalid_client"),
    InvalidGrant("invalid_grant"),
    TokenRequestError("x"),
    InteractionRequired("x"),
    # Sentinel Hub and FortiIdentity refuse a client without a code.
    InvalidTokenResponse(status_code=400),
    InvalidTokenResponse(status_code=403),
]


def test_a_refusal_is_remembered() -> None:
    """For 5 s nobody repeats a request that was refused, so that a wrong secret does not lock an account."""
    cases: list[OAuthError] = list(REFUSALS)
    for error in cases:
        live = LiveToken()
        live.fail(error, NOW)
        copy = live.remembered(NOW + 4.9)
        assert type(copy) is type(error)
        assert copy is not error
        assert str(copy).startswith(str(error))
        assert isinstance(copy, OAuthError)
        assert (copy.remembered, error.remembered) == (True, False), "the copy says that nothing was sent"
        assert not live.may_renew(NOW + 4.9)
        assert live.remembered(NOW + 5) is None
        assert live.may_renew(NOW + 5)


def test_a_secret_that_can_be_another_is_looked_at_again() -> None:
    """From a second after it was refused; the same is not sent again, and its refusal not remembered for longer."""
    live = LiveToken()
    live.fail(InvalidClient("invalid_client"), NOW, secret=b"old")
    assert live.remembered(NOW + 0.9) is not None
    assert live.remembered(NOW + 1) is None
    refusal = live.still_refused(b"old", NOW + 1)
    assert isinstance(refusal, InvalidClient)
    live.fail(refusal, NOW + 1, secret=b"old")
    assert live.remembered(NOW + 1.9) is not None
    assert live.still_refused(b"new", NOW + 2) is None
    live.fail(InvalidClient("invalid_client"), NOW + 4.9, secret=b"new")
    assert live.remembered(NOW + 9.8) is not None
    assert live.remembered(NOW + 9.9) is None
    assert live.still_refused(b"new", NOW + 9.9) is None


def test_a_store_is_looked_at_again() -> None:
    """Who has to stay away from the server for long looks every second what others have left in a store."""
    live = LiveToken()
    live.fail(TokenEndpointUnavailable(retry_after=600), NOW, shared=True)
    assert live.remembered(NOW + 0.9) is not None
    assert live.remembered(NOW + 1) is None
    refusal = live.still_refused(None, NOW + 1)
    assert isinstance(refusal, TokenEndpointUnavailable)
    assert refusal.retry_after == 599
    live.fail(refusal, NOW + 1, shared=True)
    assert live.remembered(NOW + 1.9) is not None
    live.fail(InvalidClient("invalid_client"), NOW + 700, shared=True)
    assert live.remembered(NOW + 704) is not None


def test_what_is_no_refusal_is_not_remembered() -> None:
    """Case 24: a server that was not there, or not itself, is asked again by the next call."""
    cases: list[BaseException] = [
        TokenEndpointUnavailable(),
        InvalidTokenResponse(status_code=200),
        InvalidTokenResponse(status_code=404),
        InsecureTransport("x"),
        KeyError("x"),
        KeyboardInterrupt(),
    ]
    for error in cases:
        live = LiveToken()
        live.fail(error, NOW)
        assert live.remembered(NOW) is None
        assert live.state(NOW) is State.ABSENT
        assert live.may_renew(NOW)


def test_retry_after_is_remembered() -> None:
    """Case 25: until Retry-After is over, the answer is given here, with what is left of it."""
    cases: list[tuple[type[TokenRequestError], float, float]] = [
        (TokenEndpointUnavailable, 30.0, 30.0),
        (TokenEndpointUnavailable, 0.5, 0.5),
        (InvalidTokenResponse, 30.0, 30.0),
        (InvalidClient, 30.0, 30.0),
        (InvalidClient, 1.0, 5.0),
    ]
    for cls, retry_after, until in cases:
        live = LiveToken()
        live.fail(cls("x", retry_after=retry_after), NOW)
        error: Any = live.remembered(NOW + until / 2)
        assert type(error) is cls
        assert error.retry_after == pytest.approx(until / 2)
        assert live.remembered(NOW + until) is None


def test_a_jump_ends_what_is_remembered() -> None:
    """Case 28: a clock that jumps holds nothing back, in either direction."""
    cases: list[float] = [-1.0, -A_DAY, A_DAY]
    for jump in cases:
        live = live_with(token_of(seconds=3 * A_DAY))
        live.fail(TokenEndpointUnavailable(retry_after=60.0), NOW)
        assert live.remembered(NOW) is not None
        assert live.remembered(NOW + jump) is None
        assert live.may_renew(NOW + jump)


def test_a_new_token_ends_what_is_remembered() -> None:
    """A success forgets the failures before it."""
    live = live_with(token_of())
    live.fail(InvalidClient("invalid_client"), NOW)
    live.adopt(token_of("b"), NOW + 1)
    assert live.remembered(NOW + 1) is None
    assert live.may_renew(NOW + 1)


def test_background_renewals_back_off() -> None:
    """Case 23: after 1 % of the life, at most 30 s, then doubling to 5 min; the first success starts over."""
    cases: list[tuple[float | None, list[float]]] = [
        (3600.0, [30, 60, 120, 240, 300, 300]),
        (100.0, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]),
        (A_DAY, [30, 60]),
        (None, [30, 60]),
    ]
    for seconds, pauses in cases:
        live = live_with(token_of(seconds=seconds))
        for _ in range(2):
            now = NOW
            for pause in pauses:
                live.fail(TokenEndpointUnavailable(), now)
                assert not live.may_renew(now + pause * 0.999)
                assert live.may_renew(now + pause * 1.001)
                now += pause
            live.adopt(token_of(seconds=seconds), NOW)


def test_backoff_never_overflows() -> None:
    """An outage of a year is no arithmetic error."""
    live = live_with(token_of())
    for _ in range(5000):
        live.fail(TokenEndpointUnavailable(), NOW)
    assert live.may_renew(NOW + 301)


def test_the_backoff_is_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause is drawn from its last quarter, so that processes do not all come back together."""
    live = live_with(token_of())
    monkeypatch.setattr("random.uniform", lambda first, _: first)
    live.fail(TokenEndpointUnavailable(), NOW)
    assert not live.may_renew(NOW + 22.4)
    assert live.may_renew(NOW + 22.6)


def test_a_refused_token_is_forgotten() -> None:
    """Case 29: the current token is dropped, and another may be had."""
    live = live_with(token_of("a"))
    assert live.reject(token_of("a"), NOW)
    assert live.state(NOW) is State.ABSENT
    assert live.dropped == token_of("a")


def test_a_late_refusal_changes_nothing() -> None:
    """Case 29: a 401 that arrives late for an old token renews nothing, and the call may go again."""
    live = live_with(token_of("b"))
    assert live.reject(token_of("a"), NOW)
    assert live.window.token == token_of("b")
    assert live.state(NOW) is State.FRESH
    assert LiveToken().reject(token_of("a"), NOW)


def test_renewals_are_held_back() -> None:
    """Case 30: a token fetched because of a refusal is refused: it stays, and for a second nobody may renew."""
    live = refused_and_renewed()
    assert live.unsettled
    assert not live.reject(token_of("b"), NOW)
    assert live.window.token == token_of("b")
    assert not live.reject(token_of("b"), NOW + 0.9)
    assert live.reject(token_of("b"), NOW + 1.1)
    assert live.state(NOW + 1.1) is State.ABSENT


def test_holding_back_doubles_to_five_minutes() -> None:
    """Case 30: 1 s doubling to 5 min, so that a thousand calls make a handful of token requests."""
    live, now, held = refused_and_renewed(), NOW, []
    for turn in range(12):
        current = live.window.token
        assert current is not None
        assert not live.reject(current, now)
        first = now
        while not live.reject(current, now):
            now += 0.25
        held.append(now - first)
        live.adopt(token_of(f"token {turn}", at=now, seconds=A_DAY), now)
    assert held == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_a_success_ends_holding_back() -> None:
    """Case 30: an answer that takes the token settles everything, and the next refusal is a first one."""
    live = refused_and_renewed()
    assert not live.reject(token_of("b"), NOW)
    live.accept(token_of("b"))
    assert not live.unsettled
    assert live.reject(token_of("b"), NOW)
    live.adopt(token_of("c"), NOW)
    assert not live.reject(token_of("c"), NOW)
    assert live.reject(token_of("c"), NOW + 1.1), "held back for a second again, not for two"


def test_a_trial_ends() -> None:
    """Case 30: a renewed token that is refused after a minute was good at first, also where nobody said so."""
    live = refused_and_renewed()
    assert live.reject(token_of("b"), NOW + 61)
    assert refused_and_renewed().reject(token_of("b"), NOW + 59) is False


def test_a_success_ends_the_trial() -> None:
    """Case 30: a renewed token that the API took once is refused like any other: it is replaced at once."""
    live = refused_and_renewed()
    live.accept(token_of("b"))
    assert not live.unsettled
    assert live.reject(token_of("b"), NOW)
    assert live.state(NOW) is State.ABSENT


def test_a_success_of_another_token_settles_nothing() -> None:
    """Case 30: an answer to a call that was sent with an older token says nothing about this one."""
    live = refused_and_renewed()
    live.accept(token_of("a"))
    assert live.unsettled
    LiveToken().accept(token_of("a"))
    assert not live.reject(token_of("b"), NOW)


def test_the_same_token_again_is_as_refused_as_it_was() -> None:
    """A server that hands out the refused token again is not asked once per call."""
    live = refused_and_renewed("aa")
    assert live.unsettled
    assert not live.reject(token_of("a"), NOW)
    assert live.reject(token_of("a"), NOW + 1.1)
    live.adopt(token_of("a"), NOW + 1.1)
    assert not live.reject(token_of("a"), NOW + 3)
    assert live.reject(token_of("a"), NOW + 3.2)


def test_a_jump_ends_holding_back() -> None:
    """Case 28: a clock that jumps does not hold renewals back for a day."""
    cases: list[float] = [-0.1, -A_DAY, A_DAY]
    for jump in cases:
        live = refused_and_renewed()
        assert not live.reject(token_of("b"), NOW)
        assert live.reject(token_of("b"), NOW + jump)


def test_a_renewal_without_a_refusal_is_not_on_trial() -> None:
    """A token that was renewed because it was due may be refused like any other."""
    live = live_with(token_of("a"))
    live.adopt(token_of("b"), NOW)
    assert not live.unsettled
    assert live.reject(token_of("b"), NOW)


def test_forgetting() -> None:
    """Only the current token is dropped; what it was stays known, for a store must not bring it back."""
    live = live_with(token_of("a"))
    for other in (None, token_of("b")):
        live.forget(other)
        assert live.state(NOW) is State.FRESH
        assert live.dropped is None
    live.forget(token_of("a"))
    assert live.state(NOW) is State.ABSENT
    assert live.dropped == live.previous == token_of("a")
    live.forget(token_of("a"))
    live.adopt(token_of("b"), NOW)
    assert live.dropped is None
    assert not live.unsettled, "what the user forgot was not refused"


def test_a_landing_is_taken_note_of() -> None:
    """The flight in the air brings its token or its failure, and the next one may take off."""
    live, flight = LiveToken(), Flight(lambda _: token_of("a"), 30.0)
    live.flight = flight
    live.land(flight, token_of("a"), NOW)
    assert live.window.token == token_of("a")
    assert live.flight is None
    live.flight = flight
    live.land(flight, InvalidClient("x"), NOW)
    assert isinstance(live.remembered(NOW), InvalidClient)
    assert live.flight is None


@pytest.mark.parametrize("outcome", [token_of("a"), InvalidClient("x")])
def test_a_landing_that_nobody_waits_for_changes_nothing(outcome: Token | OAuthError) -> None:
    """A flight that was given up, or that flew when everything was forgotten, does not bring its outcome any more."""
    live, given_up, current = LiveToken(), *(Flight(lambda _: token_of("a"), 30.0) for _ in range(2))
    live.flight = current
    live.land(given_up, outcome, NOW)
    assert live.flight is current
    assert live.state(NOW) is State.ABSENT
    assert live.remembered(NOW) is None


def test_reset() -> None:
    """Everything is as if the process had just begun."""
    live = refused_and_renewed()
    live.reject(token_of("b"), NOW)
    live.fail(InvalidClient("x"), NOW)
    live.reset()
    assert live.state(NOW) is State.ABSENT
    assert live.previous is None
    assert live.dropped is None
    assert not live.unsettled
    assert live.remembered(NOW) is None
    assert live.may_renew(NOW)
    live.adopt(token_of("b"), NOW)
    assert live.reject(token_of("b"), NOW)


def test_a_fixed_token_never_changes() -> None:
    """A token made by hand is fresh at any time; nothing can be had for it, so nothing is sent again."""
    fixed = Token("fixed", obtained_at=0.0)
    live = FixedToken(fixed)
    for now in (-A_DAY, 0.0, NOW):
        assert live.state(now) is State.FRESH
    assert not live.reject(fixed, NOW)
    assert not live.reject(token_of("other"), NOW)
    live.forget(fixed)
    assert live.window.token is fixed
    live.reset()
    assert live.window.token is fixed


def test_numbers() -> None:
    """The contract's numbers: 60 s of tolerance, 5 s for a refusal, 1 s to 5 min held back."""
    assert CLOCK_TOLERANCE == 60.0
    assert room.REFUSAL_SECONDS == 5.0
    assert (room._HOLD_FIRST, room._HOLD_LONGEST) == (1.0, 300.0)


def test_costs_little() -> None:
    """Ten thousand grants in one process: the state has no dict of its own."""
    assert not hasattr(LiveToken(), "__dict__")

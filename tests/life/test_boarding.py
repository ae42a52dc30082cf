"""Tests of boarding: what a caller does who wants a token, from the state and a time alone."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from oauth_cc_auth import InvalidClient, Token, TokenEndpointUnavailable
from oauth_cc_auth._life.flight import Flight
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._life.state import Boarding

NOW, PATIENCE = 1_000_000.0, 30.0
TOKEN = Token("t", obtained_at=NOW, expires_at=NOW + 1000.0)
FRESH, DUE, ENDING, ABSENT = NOW + 1, NOW + 900, NOW + 992, NOW + 1001


def never(_: object) -> NoReturn:
    """Be work that nobody starts."""
    raise AssertionError


IN_THE_AIR: Flight[Token] = Flight(never, 1e6)
LOST: Flight[Token] = Flight(never, -1.0)
DOWN, REFUSED = TokenEndpointUnavailable("down"), InvalidClient("no")
# The state: when it is, the flight there is, and the failure that was met a second before.
CASES: list[tuple[str, float, Any, Any, Boarding | type[Exception]]] = [
    ("fresh", FRESH, None, None, Boarding(TOKEN)),
    ("fresh, and renewed ahead", FRESH, IN_THE_AIR, None, Boarding(TOKEN)),
    ("due", DUE, None, None, Boarding(TOKEN, opens=True)),
    ("due, and on its way", DUE, IN_THE_AIR, None, Boarding(TOKEN, IN_THE_AIR)),
    ("due, and lost on its way", DUE, LOST, None, Boarding(TOKEN, opens=True)),
    ("due, held up by a failure", DUE, None, DOWN, Boarding(TOKEN)),
    ("due, and refused", DUE, None, REFUSED, Boarding(TOKEN)),
    ("due, tried again after a failure", DUE, IN_THE_AIR, DOWN, Boarding(TOKEN, IN_THE_AIR)),
    ("ending", ENDING, None, None, Boarding(None, opens=True, patience=4.0, rest=26.0)),
    ("ending, and on its way", ENDING, IN_THE_AIR, None, Boarding(None, IN_THE_AIR, patience=4.0, rest=26.0)),
    ("ending, held up by a failure", ENDING, None, DOWN, Boarding(TOKEN)),
    ("ending, tried again after a failure", ENDING, IN_THE_AIR, DOWN, Boarding(TOKEN, IN_THE_AIR)),
    ("absent", ABSENT, None, None, Boarding(None, opens=True, patience=PATIENCE)),
    ("absent, and on its way", ABSENT, IN_THE_AIR, None, Boarding(None, IN_THE_AIR, patience=PATIENCE)),
    ("absent, and lost on its way", ABSENT, LOST, None, Boarding(None, opens=True, patience=PATIENCE)),
    ("absent after a failure", ABSENT, None, DOWN, Boarding(None, opens=True, patience=PATIENCE)),
    ("absent, and refused", ABSENT, None, REFUSED, InvalidClient),
    ("absent, refused, and tried again", ABSENT, IN_THE_AIR, REFUSED, Boarding(None, IN_THE_AIR, patience=PATIENCE)),
]


@pytest.mark.parametrize(
    ("now", "flight", "failure", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_boarding(now: float, flight: Any, failure: Any, expected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is served, which flight is waited for and how long, or what is raised."""
    monkeypatch.setattr("random.uniform", lambda _, last: last)
    live = LiveToken()
    live.adopt(TOKEN, NOW)
    if failure is not None:
        live.fail(failure, now - 1)
    live.flight = flight
    if not isinstance(expected, Boarding):
        with pytest.raises(expected):
            live.boarding(now, PATIENCE)
    else:
        assert live.boarding(now, PATIENCE) == expected
    assert live.flight is flight, "a decision changes nothing"


def test_who_has_less_patience_than_the_token_waits_no_longer() -> None:
    """The last moments of a token are waited for no longer than the caller would wait anyway."""
    live = LiveToken()
    live.adopt(TOKEN, NOW)
    assert live.boarding(ENDING, 3.0) == Boarding(None, opens=True, patience=3.0, rest=0.0)

"""Tests of the token and the windows of its life."""

from __future__ import annotations

from typing import Any

import pytest
from loopback import SECRET, TOKEN

from oauth_cc_auth._frozen import FrozenMapping
from oauth_cc_auth._token import DUE_FROM, DUE_UNTIL, Token


def token_of(seconds: float | None, **members: Any) -> Token:
    """Return a token obtained at 1000 that lives so many seconds."""
    return Token(TOKEN, obtained_at=1000.0, expires_at=None if seconds is None else 1000.0 + seconds, **members)


def test_expires_early_by_a_twentieth_or_ten_seconds() -> None:
    """The last 5 % of a life, at most 10 s, count as expired, whether it lasts a second or a century."""
    cases: list[tuple[float, float]] = [
        (3600, 10),
        (200, 10),
        (100, 5),
        (30, 1.5),
        (3, 0.15),
        (1, 0.05),
        (3_138_007_490, 10),
    ]
    for seconds, margin in cases:
        assert token_of(seconds).usable_until() == pytest.approx(1000 + seconds - margin, abs=1e-6)


def test_is_due_before_it_expires() -> None:
    """The due window lies in 80 to 82 % of the life and ends well before the expired part, at any lifetime."""
    cases: list[float] = [86_400, 3600, 30, 3, 1, 0.1]
    for seconds in cases:
        token = token_of(seconds)
        first, last = token.due_at(DUE_FROM), token.due_at(DUE_UNTIL)
        assert (first - 1000) / seconds == pytest.approx(0.80)
        assert (last - 1000) / seconds == pytest.approx(0.82)
        assert last < token.usable_until() < 1000 + seconds


def test_without_an_end_it_is_valid_until_refused() -> None:
    """A token whose lifetime nobody knows is never due and never expires."""
    token = token_of(None)
    assert token.lifetime is None
    assert token.due_at(DUE_FROM) == token.usable_until() == float("inf")


def test_a_life_that_is_over_has_no_length() -> None:
    """A token that expired before it was obtained, as another machine's clock may say, is not usable at any time."""
    cases: list[float] = [0, -60]
    for seconds in cases:
        token = token_of(seconds)
        assert token.lifetime == 0
        assert token.usable_until() <= 1000
        assert token.due_at(DUE_FROM) == 1000


def test_shows_no_secret() -> None:
    """Case 37: neither the tokens nor the rest of the answer are in the repr."""
    token = token_of(60, refresh_token=SECRET, extra={"note": SECRET}, scope="read")
    for text in (repr(token), str(token), f"{token}", f"{token!r:s}"):
        assert TOKEN not in text
        assert SECRET not in text
        assert "read" in text


def test_is_a_value() -> None:
    """Equal tokens are equal, hashable whatever came with them, and cannot be changed."""
    one, other = token_of(60, extra={"list": []}), token_of(60, extra={"list": []})
    assert one == other
    assert hash(one) == hash(other)
    assert one != token_of(61, extra={"list": []})
    with pytest.raises(AttributeError):
        one.access_token = "x"  # type: ignore[misc]  # that it is frozen is the point
    with pytest.raises(TypeError):
        one.extra["list"] = ()  # type: ignore[index]  # that it is frozen is the point


def test_keeps_a_frozen_extra_as_it_is() -> None:
    """What is immutable already is not copied again."""
    extra = FrozenMapping({"a": 1})
    assert token_of(60, extra=extra).extra is extra

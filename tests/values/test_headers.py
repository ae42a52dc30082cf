"""Tests of the headers that a grant or an API adds: constants, or made anew for each request."""

from __future__ import annotations

import traceback
from itertools import count
from typing import Any

import pytest
from loopback import SECRET

from oauth_cc_auth import ConfigurationError
from oauth_cc_auth._http.headers import checked_headers, written


def test_a_function_is_asked_each_time() -> None:
    """Lines 12 and 27, Walmart: a header that is a function is made anew for each request; constants stay."""
    numbers = count(1)
    headers = checked_headers({"X-Constant": "c", "WM_QOS.CORRELATION_ID": lambda: f"guid-{next(numbers)}"})
    assert [written(headers) for _ in range(3)] == [
        {"X-Constant": "c", "WM_QOS.CORRELATION_ID": f"guid-{number}"} for number in (1, 2, 3)
    ]


def test_a_function_is_not_asked_at_construction() -> None:
    """Line 12: what a request is for may not be known before it; nothing is made in advance."""
    asked: list[int] = []
    checked_headers({"X": lambda: asked.append(1) or "x"})  # type: ignore[func-returns-value]  # a list's append
    assert asked == []


def test_what_cannot_stand_in_a_request_is_refused() -> None:
    """Case 7: a name or a value that is none is refused at construction, by name."""
    cases: list[tuple[Any, str]] = [
        (5, "headers is not a mapping"),
        (["X"], "headers is not a mapping"),
        (None, "headers is not a mapping"),
        ({5: "x"}, "headers: a name"),
        ({"": "x"}, "headers: a name"),
        ({"X Y": "x"}, "headers: a name"),
        ({"X\n": "x"}, "headers: a name"),
        ({"X Y": lambda: "x"}, "headers: a name"),
        ({"X": 5}, r"headers\['X'\]"),
        ({"X": None}, r"headers\['X'\]"),
        ({"X": b"x"}, r"headers\['X'\]"),
        ({"X": "a\r\nb"}, r"headers\['X'\]"),
        ({"X": "ü"}, r"headers\['X'\]"),
    ]
    for headers, name in cases:
        with pytest.raises(ConfigurationError, match=name):
            checked_headers(headers)


@pytest.mark.parametrize("made", [5, None, b"x", "a\r\nX-Evil: 1", "ü", "a\x00", ["x"]])
def test_what_a_function_makes_is_checked(made: Any) -> None:
    """Line 12: a function that makes no header's value is a ConfigurationError that names the header, not its value."""
    with pytest.raises(ConfigurationError, match=r"headers\['X'\]") as caught:
        written(checked_headers({"X": lambda: made}))
    assert "Evil" not in str(caught.value)


def test_a_function_that_raises() -> None:
    """Line 12: the header is named, the cause is kept, and neither message nor frames show what the function held."""

    def sign() -> str:
        held = SECRET
        raise KeyError(len(held))

    with pytest.raises(
        ConfigurationError, match=r"headers\['X'\]: the function that makes it raised KeyError"
    ) as caught:
        written(checked_headers({"X": sign}))
    cause = caught.value.__cause__
    assert isinstance(cause, KeyError)
    assert cause.__traceback__ is None
    shown = "".join(traceback.TracebackException.from_exception(cause, capture_locals=True).format())
    assert SECRET not in shown


def test_headers_follow_no_outside_change() -> None:
    """Headers are a value: whoever changes the mapping that was given changes nothing."""
    given: dict[str, Any] = {"X": "1"}
    headers = checked_headers(given)
    given["X"] = "2"
    assert written(headers) == {"X": "1"}
    assert hash(headers) == hash(checked_headers({"X": "1"}))

"""Tests of the format in which stores keep tokens."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from loopback import TOKEN

from oauth_cc_auth import Token
from oauth_cc_auth.stores._format import dump, parse

FULL = Token(
    TOKEN,
    token_type="DPoP",
    expires_at=2_000.5,
    obtained_at=1_000,
    scope="a b",
    refresh_token="r\N{SNOWMAN}",
    extra={"account": {"id": 7, "names": ["x", None]}},
)


def changed(**members: Any) -> bytes:
    """Return a good token with some members replaced; those that are `...` are left out."""
    content = {**json.loads(dump(FULL, "key")), **members}
    return json.dumps({name: value for name, value in content.items() if value is not ...}).encode()


def test_there_and_back() -> None:
    """What was dumped is parsed as an equal token, `extra` included, to the last digit of its times."""
    cases: list[Token] = [FULL, Token("t", obtained_at=0.1)]
    for token in cases:
        assert parse(dump(token, "key"), "key") == token


def test_says_its_version_and_is_ascii() -> None:
    """The format is one JSON object that names its version, and survives any encoding on its way."""
    assert json.loads(dump(FULL, "key"))["version"] == 1
    assert dump(FULL, "key").isascii()


def test_drops_what_json_cannot_hold() -> None:
    """A token with a foreign thing in `extra` is kept without that thing."""
    endless: list[Any] = []
    endless.append(endless)
    names: Any = {"ok": [1.5], "set": {1}, "infinite": float("inf"), "endless": endless, 5: "five"}
    assert dict(parse(dump(Token("t", extra=names), "key"), "key").extra) == {"ok": [1.5]}


def test_a_time_that_json_cannot_hold_is_an_error() -> None:
    """A token is kept as it is or not at all."""
    with pytest.raises(ValueError, match="JSON"):
        dump(Token("t", expires_at=float("nan")), "key")


def test_every_beginning_of_a_token_is_refused() -> None:
    """A token that was cut anywhere is a ValueError that quotes none of it."""
    whole = dump(FULL, "key")
    for length in range(len(whole)):
        with pytest.raises(ValueError, match="is no token") as caught:
            parse(whole[:length], "key")
        assert caught.value.__context__ is None


def test_foreign_content_is_refused() -> None:
    """Whatever is no token of this package is a ValueError, also what breaks a JSON decoder."""
    cases: list[bytes] = [b"\xff\xfe\x00", b"null", b"[]", b"7", b"{}", b'{"a":' * 100_000, b"9" * 5_000]
    for data in cases:
        with pytest.raises(ValueError, match="is no token"):
            parse(data, "key")


def test_a_newer_version_is_refused() -> None:
    """A token that a newer version wrote is left to newer versions."""
    with pytest.raises(ValueError, match="newer"):
        parse(changed(version=2), "key")


def test_a_strange_version_is_refused() -> None:
    """A version is a whole number above 0."""
    cases: list[object] = [True, "1", 1.0, None, 0, -1]
    for version in cases:
        with pytest.raises(ValueError, match="this"):
            parse(changed(version=version), "key")


def test_a_member_that_is_missing_or_wrong_is_refused() -> None:
    """No member is guessed: a lost `expires_at` must not make a token live for ever."""
    fine: dict[str, list[object]] = {
        "access_token": ["canary"],
        "token_type": ["canary"],
        "expires_at": [7, None],
        "obtained_at": [7],
        "scope": ["", "canary", None],
        "extra": [{}],
    }
    values: list[object] = [..., True, "", "canary", [], {}, 7, float("nan"), 10**400, None]
    for name, value in product(fine, values):
        if any(type(value) is type(one) and value == one for one in fine[name]):
            parse(changed(**{name: value}), "key")
            continue
        with pytest.raises(ValueError, match="lacks a member") as caught:
            parse(changed(**{name: value}), "key")
        assert "canary" not in str(caught.value)


def test_unknown_members_are_ignored() -> None:
    """A member that was added within this version changes nothing for older readers."""
    assert parse(changed(color="red"), "key") == FULL


def test_a_token_is_bound_to_its_key() -> None:
    """An entry that stands under another's name is no token there."""
    for key, other in (("a", "b"), ("", "a"), ("\ud800", "a")):
        assert parse(dump(FULL, key), key) == FULL
        with pytest.raises(ValueError, match="under another key"):
            parse(dump(FULL, key), other)
    with pytest.raises(ValueError, match="under another key"):
        parse(changed(key=None), "key")

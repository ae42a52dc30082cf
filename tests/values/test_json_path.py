"""Tests of the paths by which members of a JSON document are named."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth._http.json_path import each_of, json_object, member, text_at

DOCUMENT: dict[str, Any] = {
    "access_token": "t",
    "data": {"access_token": "deep", "list": [{"code": "first"}, {"code": "second"}], "none": None},
    "dotted.name": "literal",
    "dotted": {"name": "nested"},
    "a": {"b.c": "half"},
    "0": "zero",
    "": "empty",
}


def test_a_member_by_its_path() -> None:
    """Line 20: a path leads through objects and lists; a name with a dot in it is found as it is written."""
    cases: list[tuple[str, object]] = [
        ("access_token", "t"),
        ("data.access_token", "deep"),
        ("data.list.0.code", "first"),
        ("data.list.1.code", "second"),
        ("data.list.2.code", None),
        ("data.list.-1.code", None),
        ("data.list.x", None),
        ("data.none", None),
        ("data.none.x", None),
        ("data.missing.x", None),
        ("access_token.x", None),
        ("access_token.0", None),
        ("dotted.name", "literal"),
        ("a.b.c", "half"),
        ("0", "zero"),
        ("missing", None),
        ("data.list.99999999999999999999", None),
        ("data.list.²", None),
    ]
    for path, expected in cases:
        assert member(DOCUMENT, path) == expected


def test_nothing_where_there_is_nothing() -> None:
    """Line 19: whatever a body holds, a path that leads nowhere is None and no exception."""
    cases_of_document: list[object] = [None, 5, "text", True, [], {}, [[]], b"x"]
    for document in cases_of_document:
        for path in ("a", "a.b", "0", "0.a", ".", "", "a..b"):
            assert member(document, path) in (None, [])


def test_a_list_at_the_top() -> None:
    """Line 40, Salesforce: an answer may be a list, whose items have numbers."""
    assert member([{"errorCode": "INVALID_SESSION_ID"}], "0.errorCode") == "INVALID_SESSION_ID"


def test_only_an_object_counts() -> None:
    """Case 12: what is no JSON object is None, however it is broken, deep or long."""
    cases: list[tuple[bytes | str, object]] = [
        (b'{"a": 1}', {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        (b"\xef\xbb\xbf{}", {}),
        (b"", None),
        (b"[]", None),
        (b"null", None),
        (b"5", None),
        (b'"text"', None),
        (b"<html>", None),
        (b"\xff\xfe\x00", None),
        (b'{"a": ', None),
        (b"[" * 200_000, None),
        (b'{"a":' * 200_000, None),
        (b"9" * 5000, None),
        (b'{"a": ' + b"9" * 5000 + b"}", None),
    ]
    for body, expected in cases:
        assert json_object(body) == expected


def test_the_first_text_in_one_line() -> None:
    """Case 13: the first text or number counts, in one line that no server's control characters can break."""
    cases: list[tuple[object, str | None]] = [
        ({"a": "x", "b": "y"}, "x"),
        ({"a": "", "b": "y"}, "y"),
        ({"a": None, "b": "y"}, "y"),
        ({"a": {}, "b": "y"}, "y"),
        ({"a": ["x"], "b": "y"}, "y"),
        ({"a": True, "b": "y"}, "y"),
        ({"a": False}, None),
        ({"a": 40001}, "40001"),
        ({"a": 0}, "0"),
        ({"a": 1.5}, "1.5"),
        ({"a": float("inf")}, "inf"),
        ({"a": "one\r\ntwo\x1b[31m\u2028\ud800"}, "one  two [31m  "),
        ({"a": "wörds"}, "wörds"),
        ({}, None),
        (None, None),
    ]
    for document, expected in cases:
        assert text_at(document, ("a", "b")) == expected


def test_one_path_or_several() -> None:
    """A path is a path, and so are several; what is neither is told apart, so that it can be refused by name."""
    cases: list[tuple[object, object]] = [
        ("a.b", ("a.b",)),
        (["a", "b"], ("a", "b")),
        (("a",), ("a",)),
        (iter(["a", "b"]), ("a", "b")),
        ((), ()),
        ("", None),
        ([""], None),
        ([5], None),
        (["a", None], None),
        (5, None),
        (None, None),
        (b"a", None),
    ]
    for paths, expected in cases:
        assert each_of(paths) == expected

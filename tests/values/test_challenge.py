"""Tests of reading WWW-Authenticate."""

from __future__ import annotations

import time

from oauth_cc_auth._http.challenge import parse_challenges


def test_reads_by_rfc_9110() -> None:
    """Case 31: challenges and parameters are told apart as RFC 9110 §11.6.1 has it, and nothing raises."""
    cases: list[tuple[str, list[tuple[str, dict[str, str]]]]] = [
        ("", []),
        (" , ,", []),
        ("Bearer", [("bearer", {})]),
        ("BEARER", [("bearer", {})]),
        ("Bearer ", [("bearer", {})]),
        ('Bearer realm="x"', [("bearer", {"realm": "x"})]),
        ("bearer realm=x, error=invalid_token", [("bearer", {"realm": "x", "error": "invalid_token"})]),
        ('Bearer Error="invalid_token"', [("bearer", {"error": "invalid_token"})]),
        # RFC 9110 §5.6.3: bad white space around the equals sign
        ('Bearer realm = "x" ,\terror\t=\t"y"', [("bearer", {"realm": "x", "error": "y"})]),
        # Quoted commas, quoted quotes, and what looks like another challenge
        ('Bearer realm="a, Basic realm=b", error="e"', [("bearer", {"realm": "a, Basic realm=b", "error": "e"})]),
        (r'Bearer realm="say \"hi\", \\ there", error=e', [("bearer", {"realm": r'say "hi", \ there', "error": "e"})]),
        ('Bearer realm=""', [("bearer", {"realm": ""})]),
        # Two challenges in one header
        ('Basic realm="a", Bearer error="b"', [("basic", {"realm": "a"}), ("bearer", {"error": "b"})]),
        ("Negotiate, Bearer", [("negotiate", {}), ("bearer", {})]),
        ("Basic,Bearer", [("basic", {}), ("bearer", {})]),
        ("Bearer, , Basic", [("bearer", {}), ("basic", {})]),
        # token68 (RFC 9110 §11.2)
        ("Negotiate YWJj==, Bearer realm=x", [("negotiate", {}), ("bearer", {"realm": "x"})]),
        ("NTLM a/b+c~d._-", [("ntlm", {})]),
        # The first of two equal parameters counts
        ("Bearer error=a, error=b", [("bearer", {"error": "a"})]),
        # A forgotten comma
        ('Bearer realm="x" error="invalid_token"', [("bearer", {"realm": "x", "error": "invalid_token"})]),
        # What does not parse is skipped
        ('"quoted", Bearer realm=x', [("bearer", {"realm": "x"})]),
        ("=, Bearer", [("bearer", {})]),
        ('Bearer realm="unterminated', [("bearer", {})]),
        ("Bearer realm=x, @@@, error=y", [("bearer", {"realm": "x", "error": "y"})]),
        ("@@@", []),
        ("\xff\xfe Bearer", []),
    ]
    for header, expected in cases:
        assert parse_challenges(header) == expected


def test_no_header_takes_long() -> None:
    """A hostile header of 100 kB is read in no time: no pattern backtracks."""
    cases: list[str] = [
        'Bearer realm="' + "\\" * 50_000,
        "Bearer " + "a" * 100_000,
        "," * 100_000 + "Bearer",
        "a=" * 50_000,
        "@," * 50_000,
    ]
    for header in cases:
        start = time.process_time()
        parse_challenges(header)
        assert time.process_time() - start < 2

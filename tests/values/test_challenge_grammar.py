"""The challenge grammar of RFC 9110 §11.6.1 as a table: what servers send, and what it means."""

from __future__ import annotations

import pytest

from oauth_cc_auth._http.challenge import parse_challenges

# The header, and its challenges: scheme and parameters.
VECTORS: list[tuple[str, list[tuple[str, dict[str, str]]]]] = [
    # One challenge, by the letter
    ("Bearer", [("bearer", {})]),
    ("bearer", [("bearer", {})]),
    ("BEARER", [("bearer", {})]),
    ("DPoP", [("dpop", {})]),
    ('Bearer realm="api"', [("bearer", {"realm": "api"})]),
    ("Bearer realm=api", [("bearer", {"realm": "api"})]),
    ('Bearer realm="api", error="invalid_token"', [("bearer", {"realm": "api", "error": "invalid_token"})]),
    ('Bearer error="insufficient_scope", scope="a b"', [("bearer", {"error": "insufficient_scope", "scope": "a b"})]),
    ('Bearer resource_metadata="https://a.example/m"', [("bearer", {"resource_metadata": "https://a.example/m"})]),
    ('DPoP algs="ES256 PS256", error="use_dpop_nonce"', [("dpop", {"algs": "ES256 PS256", "error": "use_dpop_nonce"})]),
    # Names in any case, values as they are
    ('Bearer REALM="Api"', [("bearer", {"realm": "Api"})]),
    ('bEaReR eRRor="Invalid_Token"', [("bearer", {"error": "Invalid_Token"})]),
    # Bad white space (§5.6.3), tabs, and none
    ('Bearer realm = "api"', [("bearer", {"realm": "api"})]),
    ('Bearer realm\t=\t"api"\t,\terror="e"', [("bearer", {"realm": "api", "error": "e"})]),
    ('Bearer   realm="api"', [("bearer", {"realm": "api"})]),
    ('Bearer\trealm="api"', [("bearer", {"realm": "api"})]),
    ('Bearer realm="api",error="e"', [("bearer", {"realm": "api", "error": "e"})]),
    ("  Bearer  ", [("bearer", {})]),
    # Quoted strings (§5.6.4)
    ('Bearer realm=""', [("bearer", {"realm": ""})]),
    ('Bearer realm="a, b"', [("bearer", {"realm": "a, b"})]),
    ('Bearer realm="a=b"', [("bearer", {"realm": "a=b"})]),
    (r'Bearer realm="say \"hi\""', [("bearer", {"realm": 'say "hi"'})]),
    (r'Bearer realm="back\\slash"', [("bearer", {"realm": "back\\slash"})]),
    (r'Bearer realm="\a\b"', [("bearer", {"realm": "ab"})]),
    ('Bearer realm="Basic realm=x"', [("bearer", {"realm": "Basic realm=x"})]),
    ('Bearer realm="ünïcode"', [("bearer", {"realm": "ünïcode"})]),
    ('Bearer realm="a;b", error=e', [("bearer", {"realm": "a;b", "error": "e"})]),
    # Tokens of every allowed character
    ("Bearer x=!#$%&'*+-.^_`|~09aZ", [("bearer", {"x": "!#$%&'*+-.^_`|~09aZ"})]),
    ("My-Scheme_1.0 a=b", [("my-scheme_1.0", {"a": "b"})]),
    # Several challenges in one field
    ("Negotiate, Bearer", [("negotiate", {}), ("bearer", {})]),
    ("Negotiate,Bearer", [("negotiate", {}), ("bearer", {})]),
    ('Basic realm="a", Bearer realm="b"', [("basic", {"realm": "a"}), ("bearer", {"realm": "b"})]),
    ('Bearer realm="b", Basic realm="a"', [("bearer", {"realm": "b"}), ("basic", {"realm": "a"})]),
    ('Bearer, DPoP error="use_dpop_nonce"', [("bearer", {}), ("dpop", {"error": "use_dpop_nonce"})]),
    (
        'Bearer error="invalid_token", DPoP algs="ES256"',
        [("bearer", {"error": "invalid_token"}), ("dpop", {"algs": "ES256"})],
    ),
    (
        'DPoP realm="a, Bearer", error="invalid_token", Bearer realm="b"',
        [("dpop", {"realm": "a, Bearer", "error": "invalid_token"}), ("bearer", {"realm": "b"})],
    ),
    (
        'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
        [("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}), ("basic", {"realm": "simple"})],
    ),
    ("Bearer, Bearer error=e", [("bearer", {}), ("bearer", {"error": "e"})]),
    # Empty elements of a list (§5.6.1)
    ("", []),
    (",", []),
    (" , , ", []),
    (",Bearer", [("bearer", {})]),
    ("Bearer,", [("bearer", {})]),
    ("Bearer, , Basic", [("bearer", {}), ("basic", {})]),
    ("Bearer ,realm=a", [("bearer", {"realm": "a"})]),
    ("Bearer realm=a,,error=e", [("bearer", {"realm": "a", "error": "e"})]),
    # token68 (§11.2): it is the scheme's own
    ("NTLM TlRMTVNTUAAC", [("ntlm", {})]),
    ("Negotiate YII=", [("negotiate", {})]),
    ("Negotiate YWJj==, Bearer realm=x", [("negotiate", {}), ("bearer", {"realm": "x"})]),
    ("Negotiate a/b+c~d._-, Bearer", [("negotiate", {}), ("bearer", {})]),
    ("Bearer, Negotiate YWJj", [("bearer", {}), ("negotiate", {})]),
    # What occurs twice: the first counts
    ("Bearer error=a, error=b", [("bearer", {"error": "a"})]),
    ('Bearer realm="a", REALM="b"', [("bearer", {"realm": "a"})]),
    # What servers get wrong, and what is still understood
    ('Bearer realm="x" error="invalid_token"', [("bearer", {"realm": "x", "error": "invalid_token"})]),
    ('Bearer realm="x"; error="e"', [("bearer", {"realm": "x", "error": "e"})]),
    ("Bearer realm=x, @@@, error=y", [("bearer", {"realm": "x", "error": "y"})]),
    ('Bearer realm="unterminated', [("bearer", {})]),
    ('Bearer error=invalid_token, error_description="unterminated', [("bearer", {"error": "invalid_token"})]),
    ("Bearer realm=", [("bearer", {})]),
    ('Bearer ="x"', [("bearer", {})]),
    ('"quoted", Bearer realm=x', [("bearer", {"realm": "x"})]),
    ("=, Bearer", [("bearer", {})]),
    ("@@@", []),
    ("\xff\xfe Bearer", []),
    ("realm=x, Bearer", [("bearer", {})]),
    ("Bearer error=invalid_token, Digest", [("bearer", {"error": "invalid_token"}), ("digest", {})]),
]


@pytest.mark.requirement("9110-challenges")
def test_the_grammar() -> None:
    """Challenges and their parameters are told apart as the RFC has it; what is malformed costs no more than itself."""
    cases: list[tuple[str, list[tuple[str, dict[str, str]]]]] = list(VECTORS)
    for header, expected in cases:
        assert parse_challenges(header) == expected


def test_the_table_is_long() -> None:
    """There are at least sixty vectors, and none occurs twice."""
    assert len({header for header, _ in VECTORS}) == len(VECTORS) >= 60

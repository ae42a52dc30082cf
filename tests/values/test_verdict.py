"""Tests of what an answer means for the token that its request presented."""

from __future__ import annotations

import pytest

from oauth_cc_auth import ApiError, ResourceServer
from oauth_cc_auth._resource_server.presentation import AsItIs
from oauth_cc_auth._resource_server.verdict import must_read, refuses

ANY = ResourceServer()


def verdict_of(server: ResourceServer, status: int, challenge: str | None, error: ApiError | None = None) -> bool:
    """Return whether an answer refuses the token; its body says nothing unless an `error` is given."""
    said = error or ApiError(None, None, status)
    return refuses(server, AsItIs(server).scheme, status, challenge, lambda: said)


NAMES_US = [
    None,
    "",
    'Bearer error=""',
    "Bearer",
    "bearer",
    'Bearer realm="x"',
    'Bearer error="invalid_token"',
    "bearer realm=x, error=invalid_token",
    'Basic realm="a, b", Bearer error="invalid_token", error_description="The token, it expired"',
    'Bearer error="invalid_token", Basic',
    'Bearer error="insufficient_scope", Basic error="invalid_token"',
    'OAuth2 realm="x", error="invalid_token"',
    "Bearer error='invalid_token'",
    "OAuth2 realm='x', error='invalid_token'",
    r'Bearer realm="\"quoted, error=insufficient_scope\"", error="invalid_token"',
]
NOT_US = [
    "Basic",
    'Basic realm="Bearer"',
    'Basic realm="a, Bearer error=invalid_token"',
    'Bearer error="insufficient_scope"',
    'Bearer error="invalid_request"',
    'Bearer error="use_dpop_nonce"',
    'Bearer, DPoP error="insufficient_scope"',
    "DPoP",
    "BearerX",
    "@@@",
]


@pytest.mark.requirement("6750-challenge")
def test_verdict() -> None:
    """Case 31: a 401 is about our token where WWW-Authenticate is absent, or names our scheme with no other error."""
    for challenge, verdict in [(c, True) for c in NAMES_US] + [(c, False) for c in NOT_US]:
        assert verdict_of(ANY, 401, challenge) is verdict


def test_another_status_is_no_refusal() -> None:
    """Case 31: 403 and 500 renew nothing, whatever the header says."""
    for status in (200, 303, 400, 403, 407, 429, 500, 503):
        assert not verdict_of(ANY, status, 'Bearer error="invalid_token"')
        assert not verdict_of(ANY, status, None)


@pytest.mark.requirement("6750-insufficient-scope")
def test_a_scope_that_the_token_lacks() -> None:
    """RFC 6750 §3.1: insufficient_scope is no word about the token, at a vendor who refuses tokens by 403 too."""
    server = ResourceServer(renew_on={401, 403})
    assert verdict_of(server, 403, "Bearer")
    assert not verdict_of(server, 403, 'Bearer, Bearer error="insufficient_scope", scope="a b"')


def test_renew_on_says_which_statuses() -> None:
    """Case 30: what a vendor answers instead of 401 is said once, and 401 counts no more unless it is said too."""
    server = ResourceServer(renew_on=[401, 498])
    assert server.renew_on == {401, 498}
    assert verdict_of(server, 498, None)
    assert verdict_of(server, 401, None)
    assert not verdict_of(ResourceServer(renew_on={498}), 401, None)
    assert not verdict_of(ResourceServer(renew_on=()), 401, None)


def test_the_verdict_goes_by_our_scheme() -> None:
    """A challenge counts if it names the scheme that the token is sent with; Bearer, where it is sent with none."""
    cases: list[tuple[str | None, str, bool]] = [
        ("DPoP", "DPoP error=invalid_token", True),
        ("DPoP", "Bearer", False),
        ("Basic", "Basic realm=x", True),
        (None, "Bearer", True),
        (None, "Basic", False),
    ]
    for scheme, challenge, verdict in cases:
        assert verdict_of(ResourceServer(scheme=scheme), 401, challenge) is verdict


def test_renew_if_looks_only_where_the_status_says_so() -> None:
    """Line 29: `renew_if` is asked about the statuses of `renew_on`, and where a challenge does not say otherwise."""
    asked: list[ApiError] = []

    def verdict(error: ApiError) -> bool:
        asked.append(error)
        return error.code == "dead"

    server = ResourceServer(renew_on={401, 403}, renew_if=verdict)
    dead, alive = ApiError("dead", None, 403), ApiError("other", None, 403)
    assert verdict_of(server, 403, None, dead)
    assert not verdict_of(server, 403, None, alive)
    assert asked == [dead, alive]
    assert not verdict_of(server, 500, None, dead)
    assert not verdict_of(server, 403, "Basic", dead)
    assert asked == [dead, alive]


def test_what_may_be_read_for_a_verdict() -> None:
    """Line 29: one document in JSON may be an error; records and downloads are none, and stay unread."""
    cases: list[tuple[str, bool]] = [
        ("application/json", True),
        ("Application/JSON ; charset=utf-8", True),
        ("application/problem+json", True),
        ("text/json", True),
        ("text/plain;charset=utf-8", True),
        ("", True),
        ("application/x-ndjson", False),
        ("application/json-seq", False),
        ("application/geo+json-seq", False),
        ("application/jsonl", False),
        ("application/stream+json", False),
        ("text/event-stream", False),
        ("text/html", False),
        ("image/jpeg; name=a.json", False),
    ]
    for kind, readable in cases:
        server = ResourceServer(renew_on={200}, renew_if=lambda error: error.code == "dead")
        assert must_read(server, 200, kind, "20") is readable
        assert not must_read(server, 401, kind, "20")
        assert not must_read(ResourceServer(renew_on={200}), 200, kind, "20")


def test_how_much_may_be_read_for_a_verdict() -> None:
    """Line 29: an error is at most 1 MiB long; one that does not say so ends, a stream with another status may not."""
    cases: list[tuple[int, str | None, bool, bool]] = [
        (200, "1048576", True, True),
        (200, "1048577", False, False),
        (403, "1048577", False, False),
        (200, None, False, True),
        (200, None, True, False),
        (403, None, True, True),
        (200, "twenty", True, False),
    ]
    for status, length, streamed, readable in cases:
        server = ResourceServer(renew_on={200, 403}, renew_if=lambda error: error.code == "dead")
        assert must_read(server, status, "application/json", length, streamed=streamed) is readable


def test_without_its_error_only_a_failure_is_a_refusal() -> None:
    """Where nobody says what the body holds, an answer below 400 is none, and above it status and challenge decide."""
    server = ResourceServer(renew_on={200, 401}, renew_if=lambda _: False)
    assert not refuses(server, "bearer", 200, None, None)
    assert refuses(server, "bearer", 401, None, None)
    assert not refuses(server, "bearer", 401, "Basic", None)

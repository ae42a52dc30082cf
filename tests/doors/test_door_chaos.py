"""What an authorization server in trouble does, case by case, and what the callers of every door notice of it."""

from __future__ import annotations

import sys
from typing import Any

import doors
import pytest
from doors import Clock, Door, landed, only, plain
from timing import HUNG

from oauth_cc_auth import InvalidTokenResponse, TokenEndpointUnavailable, TokenRequestError, TokenSource
from oauth_cc_auth.sandbox import Sandbox

door, sandbox = doors.each_class, doors.sandbox

HTML = "<html><h1>Be right back</h1></html>"
PAGE = {"Content-Type": "text/html"}

# What the server does, and what a caller without a token gets. A delay is in seconds.
CHAOS: dict[str, tuple[dict[str, Any], type[TokenRequestError]]] = {
    "hangs up": ({"status": None}, TokenEndpointUnavailable),
    "is too slow": ({"delay": 0.4}, TokenEndpointUnavailable),
    "429": ({"status": 429}, TokenEndpointUnavailable),
    "429, come back in a minute": ({"status": 429, "retry_after": 60}, TokenEndpointUnavailable),
    "500": ({"status": 500}, TokenEndpointUnavailable),
    "502 with a page": ({"status": 502, "body": HTML, "headers": PAGE}, TokenEndpointUnavailable),
    "503": ({"status": 503}, TokenEndpointUnavailable),
    "503, come back in a minute": ({"status": 503, "retry_after": 60}, TokenEndpointUnavailable),
    "504": ({"status": 504}, TokenEndpointUnavailable),
    "503 in OAuth's words": ({"status": 503, "body": {"error": "temporarily_unavailable"}}, TokenEndpointUnavailable),
    "200 with a page": ({"status": 200, "body": HTML, "headers": PAGE}, InvalidTokenResponse),
    "200 with half an object": ({"status": 200, "body": '{"access_token": "abc", "expi'}, InvalidTokenResponse),
    "200 with nothing": ({"status": 200, "body": ""}, InvalidTokenResponse),
    "404 with nothing": ({"status": 404, "body": ""}, InvalidTokenResponse),
}


def break_down(sandbox: Sandbox, trouble: dict[str, Any]) -> None:
    """Let the token endpoint misbehave until it is told otherwise."""
    if "delay" in trouble:
        sandbox.delay = trouble["delay"]
    else:
        sandbox.fail("token", times=None, **trouble)


def mend(sandbox: Sandbox) -> None:
    """Let it behave again."""
    sandbox.delay = 0
    sandbox.recover()


@pytest.mark.parametrize(("trouble", "error"), CHAOS.values(), ids=CHAOS)
@only(lambda kind: kind.name == "requests")
def test_trouble(door: Door, sandbox: Sandbox, trouble: dict[str, Any], error: type[TokenRequestError]) -> None:
    """While the token lives no call fails; then all callers share one typed error; and after it, one token request."""
    survives(door, sandbox, trouble, error)


def test_one_trouble(door: Door, sandbox: Sandbox) -> None:
    """At each door it is the same: what differs between troubles is the token endpoint's, and read in one place."""
    survives(door, sandbox, *CHAOS["503"])


def survives(door: Door, sandbox: Sandbox, trouble: dict[str, Any], error: type[TokenRequestError]) -> None:
    """Call with a token that lives, with none, and when the trouble is over."""
    clock = Clock()
    grant, api = plain(sandbox)
    # Two handles on one live token: while the server is in trouble the hasty one asks, which gives up at once where the
    # answer is late; when it answers, a slow machine has all the time that it needs.
    patient = door.auth(TokenSource(grant, clock=clock, timeout=HUNG))
    source = TokenSource(grant, clock=clock, timeout=0.1 if "delay" in trouble else 1.0)
    auth = door.auth(source)
    assert door.call("GET", f"{api}/x", patient).status_code == 200
    break_down(sandbox, trouble)
    clock.now += 3600 * 0.9
    assert {answer.status_code for answer in door.call_many(4, "GET", f"{api}/x", auth)} == {200}
    landed(source)
    clock.now += 3600
    outcomes = door.call_many(4, "GET", f"{api}/x", auth)
    assert all(isinstance(outcome, error) and isinstance(outcome, door.error) for outcome in outcomes), outcomes
    landed(source)  # where the callers ran out of patience first
    mend(sandbox)
    clock.now += 61
    # Slow answers of before may still be counted when the server gets round to them.
    issued = source._serving.live.previous
    assert {answer.status_code for answer in door.call_many(8, "GET", f"{api}/x", patient)} == {200}
    assert source._serving.live.previous is not issued
    assert source.token() is source._serving.live.previous


@pytest.mark.skipif(
    getattr(sys, "_is_gil_enabled", lambda: True)(), reason="this interpreter has a GIL: nothing is free-threaded"
)
def test_free_threads_share_one_token(sandbox: Sandbox) -> None:
    """Without a GIL, 64 threads that start at once make one token request."""
    grant, _ = plain(sandbox)
    source = TokenSource(grant)
    tokens = doors.at_once([source.token] * 64)
    assert len({id(token) for token in tokens}) == 1
    assert sandbox.token_requests == 1

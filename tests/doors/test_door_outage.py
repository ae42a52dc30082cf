"""The authorization server is down, slow or refuses: what the callers notice (cases 8, 10, 23 to 25, and 39)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import doors
import pytest
from doors import (
    Clock,
    Door,
    LoopbackServer,
    Reply,
    Seen,
    TokenEndpoint,
    a_thread_and_a_task,
    json_reply,
    landed,
    plain,
)

from oauth_cc_auth import (
    ConfigurationError,
    InvalidClient,
    InvalidScope,
    InvalidTokenResponse,
    MemoryStore,
    TokenEndpointUnavailable,
    TokenSource,
)
from oauth_cc_auth.sandbox import Sandbox

door, sandbox = doors.each_class, doors.sandbox


@a_thread_and_a_task
def test_down_while_due_harms_no_call(door: Door, sandbox: Sandbox) -> None:
    """Case 23: while a token is due and its server is down, calls succeed; when it is back, there is one renewal."""
    clock = Clock()
    grant, api = plain(sandbox)
    source, patient = TokenSource(grant, clock=clock, timeout=1.0), door.auth(TokenSource(grant, clock=clock))
    auth = door.auth(source)
    door.call("GET", f"{api}/x", patient)
    sandbox.fail("token", times=None)
    clock.now += 3600 * 0.83
    for _ in range(5):
        assert door.call("GET", f"{api}/x", auth).status_code == 200
        landed(source)
    failed = sandbox.token_requests
    assert 2 <= failed <= 5, "one exchange with its retries, and then a pause"
    sandbox.recover()
    clock.now += 31
    assert {answer.status_code for answer in door.call_many(16, "GET", f"{api}/x", patient)} == {200}
    landed(source)
    assert {answer.status_code for answer in door.call_many(16, "GET", f"{api}/x", patient)} == {200}
    assert sandbox.token_requests == failed + 1


@a_thread_and_a_task
def test_down_to_the_last_second_harms_no_call(door: Door, sandbox: Sandbox) -> None:
    """Case 23: with the server down through the last fifth of a token's life, no call fails until the life is over."""
    clock = Clock()
    grant, api = plain(sandbox)
    source = TokenSource(grant, clock=clock, timeout=0.2)
    auth = door.auth(source)
    door.call("GET", f"{api}/x", door.auth(TokenSource(grant, clock=clock)))
    start = clock.now
    sandbox.fail("token", times=None)
    for share in (0.83, 0.9, 0.95, 0.99, 0.998, 0.9999):
        clock.now = start + 3600 * share
        assert door.call("GET", f"{api}/x", auth).status_code == 200
        landed(source)
    clock.now = start + 3600
    with pytest.raises(door.error):
        door.call("GET", f"{api}/x", auth)


@a_thread_and_a_task
def test_the_last_seconds_wait_for_a_fresh_token(door: Door, sandbox: Sandbox) -> None:
    """A token in its last 10 seconds is replaced before the call goes out, and is served if no other comes in time."""
    clock = Clock()
    grant, api = plain(sandbox)
    source = TokenSource(grant, clock=clock)
    auth = door.auth(source)
    door.call("GET", f"{api}/x", auth)
    clock.now += 3595
    old = source._serving.live.window.token
    assert door.call("GET", f"{api}/x", auth).status_code == 200
    assert source.token() != old
    sandbox.fail("token", times=None)
    clock.now += 3595
    hasty = door.auth(TokenSource(grant, clock=clock, timeout=0.2))
    assert door.call("GET", f"{api}/x", hasty).status_code == 200


def test_down_while_expired_is_one_failure_for_all(door: Door, sandbox: Sandbox) -> None:
    """Case 23: when there is no token and its server is down, every waiter gets the typed error of one exchange."""
    clock = Clock()
    grant, api = plain(sandbox)
    auth = door.auth(TokenSource(grant, clock=clock, timeout=5))
    door.call("GET", f"{api}/x", auth)
    sandbox.fail("token", times=None)
    sandbox.delay = 0.05
    clock.now += 3600
    outcomes = door.call_many(32, "GET", f"{api}/x", auth)
    assert {type(outcome).__name__ for outcome in outcomes} == {"TokenEndpointUnavailable"}
    assert all(isinstance(outcome, (door.error, TokenEndpointUnavailable)) for outcome in outcomes)
    assert all(isinstance(outcome, door.error) for outcome in outcomes)
    assert len({id(outcome) for outcome in outcomes}) == 32
    assert sandbox.token_requests == 1 + 4, "one attempt and three retries, for everybody"
    assert sandbox.api_requests == 1, "nothing goes out without a token"


@a_thread_and_a_task
def test_a_server_that_comes_back_during_the_retries_is_no_error(door: Door, sandbox: Sandbox) -> None:
    """A token endpoint that fails twice and then answers costs the caller nothing but time."""
    grant, api = plain(sandbox)
    sandbox.fail("token", status=502)
    sandbox.fail("token", status=None)
    assert door.call("GET", f"{api}/x", door.auth(grant, timeout=3)).status_code == 200
    assert sandbox.token_requests == 3


def test_a_dead_token_endpoint_keeps_its_cause(door: Door) -> None:
    """Nobody listens: the error is the library's own and ours, and keeps its cause."""
    with LoopbackServer() as api:  # opened first, or it could be given the port that is closed here
        with TokenEndpoint() as server:
            grant = server.grant()
        with pytest.raises(TokenEndpointUnavailable) as caught:
            door.call("GET", f"{api.origin}/x", door.auth(grant, timeout=3.0))
        assert isinstance(caught.value, door.error)
        assert caught.value.__cause__ is not None
        with pytest.raises(door.error):
            door.call("GET", f"{api.origin}/x", door.auth(grant, timeout=3.0))
        assert api.seen == []


@a_thread_and_a_task
def test_a_failure_is_not_cached_as_a_token(door: Door, sandbox: Sandbox) -> None:
    """Case 24: a refusal is remembered for 5 s, and then the next call asks again and succeeds."""
    clock = Clock()
    grant, api = plain(sandbox)
    auth = door.auth(TokenSource(grant, clock=clock))
    sandbox.fail("token", status=400, body={"error": "invalid_scope"})
    for _ in range(3):
        with pytest.raises(InvalidScope):
            door.call("GET", f"{api}/x", auth)
    assert (sandbox.token_requests, sandbox.api_requests) == (1, 0)
    clock.now += 5.1
    assert door.call("GET", f"{api}/x", auth).status_code == 200
    assert sandbox.token_requests == 2


class BrokenStore(MemoryStore):
    """A store that raises in one of its methods."""

    def __init__(self, broken: str) -> None:
        super().__init__()
        setattr(self, broken, self._raise)

    def _raise(self, *_: object) -> Any:
        message = "the disk is on fire"
        raise OSError(message)


@a_thread_and_a_task
def test_a_broken_store_breaks_no_call(door: Door, sandbox: Sandbox) -> None:
    """Case 24: a store that raises in load, save, discard or lock costs a warning in the log, and no call."""
    grant, api = plain(sandbox)
    for broken in ("load", "save", "discard", "lock"):
        sandbox.reset_counts()
        auth = door.auth(grant, store=BrokenStore(broken))
        assert door.call("GET", f"{api}/x", auth).status_code == 200
        sandbox.revoke_all()
        assert door.call("GET", f"{api}/x", auth).status_code == 200
        assert sandbox.token_requests == 2


@a_thread_and_a_task
def test_retry_after_is_remembered(door: Door, sandbox: Sandbox) -> None:
    """Case 25: with Retry-After: 30 ten calls make one token request, and another grant is not held back."""
    clock = Clock()
    grant, api = plain(sandbox)
    auth = door.auth(TokenSource(grant, clock=clock))
    sandbox.fail("token", status=429, retry_after=30)
    for _ in range(10):
        with pytest.raises(TokenEndpointUnavailable) as caught:
            door.call("GET", f"{api}/x", auth)
        assert isinstance(caught.value, door.error)
        clock.now += 2
    assert (sandbox.token_requests, sandbox.api_requests) == (1, 0)
    assert caught.value.status_code == 429
    assert caught.value.retry_after == pytest.approx(12, abs=0.01)
    other, _ = plain(sandbox, scope="another")
    assert door.call("GET", f"{api}/x", door.auth(TokenSource(other, clock=clock))).status_code == 200
    clock.now += 11
    assert door.call("GET", f"{api}/x", auth).status_code == 200


@a_thread_and_a_task
def test_a_redirect_of_the_token_endpoint_is_not_followed(door: Door) -> None:
    """Case 8: a redirect of the token endpoint carries the secret nowhere, and the error says where it points."""
    with TokenEndpoint() as server, LoopbackServer() as elsewhere:
        server.answer = lambda _: Reply(307, (("Location", f"{elsewhere.origin}/token"),))
        with pytest.raises(InvalidTokenResponse, match=f"307.*{elsewhere.origin}") as caught:
            door.call("GET", f"{elsewhere.origin}/x", door.auth(server.grant()))
        assert isinstance(caught.value, door.error)
        assert elsewhere.seen == []
        assert len(server.seen) == 1


def test_netrc_changes_nothing(door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 10: an entry for the hosts in netrc reaches neither the token endpoint nor the API."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with TokenEndpoint() as server, LoopbackServer() as api:
        door.call("GET", f"{api.origin}/x", door.auth(server.grant(token_endpoint_auth_method="client_secret_post")))
        assert [seen.headers.get("authorization") for seen in server.seen] == [None]
        assert [seen.token for seen in api.seen] == ["token-1"]


def test_cookies_stay_on_their_side(door: Door) -> None:
    """Case 10: a cookie of the token endpoint is never sent again, and the API's go to the API only."""

    def answer(seen: Seen) -> Reply:
        reply = json_reply({"access_token": f"token-{len(server.seen)}", "expires_in": 10}, Set_Cookie="as=1; Path=/")
        assert "cookie" not in seen.headers
        return reply

    clock = Clock()
    with TokenEndpoint() as server, LoopbackServer(lambda _: Reply(headers=(("Set-Cookie", "api=1"),))) as api:
        server.answer = answer
        with door.lend() as lent:
            source = TokenSource(server.grant(), clock=clock, **{door.lent_as: lent})
            for _ in range(2):
                door.call("GET", f"{api.origin}/x", door.auth(source))
                clock.now += 10
            assert not list(getattr(lent.cookies, "jar", lent.cookies))
        assert [seen.headers.get("cookie") for seen in api.seen] == [None, "api=1"]
        assert [seen.headers.get("cookie") for seen in server.seen] == [None, None]


@a_thread_and_a_task
def test_a_rotated_secret_is_read_again_once(door: Door, sandbox: Sandbox) -> None:
    """Case 39: on invalid_client a callable secret is read again, and if it changed the exchange is tried once more."""
    secrets = ["old"]
    grant, api = plain(sandbox, client_secret=lambda: secrets[-1])
    auth = door.auth(grant)
    door.call("GET", f"{api}/x", auth)
    sandbox.rotate_secret(grant, "new")
    sandbox.revoke_all()
    reads = iter(["for the sandbox", "old", "new"])
    rotating, _ = plain(sandbox, client_secret=lambda: next(reads))
    assert door.call("GET", f"{api}/x", door.auth(rotating)).status_code == 200
    assert sandbox.token_requests == 3
    sandbox.revoke_all()
    with pytest.raises(InvalidClient):
        door.call("GET", f"{api}/x", auth)
    assert sandbox.token_requests == 4, "a secret that did not change is not tried again"


def test_a_secret_that_cannot_be_read_is_a_typed_error(door: Door) -> None:
    """A callable secret that raises is a ConfigurationError of the library too, and nothing is sent."""

    def vault() -> str:
        message = "sealed"
        raise RuntimeError(message)

    with TokenEndpoint() as server, LoopbackServer() as api:
        with pytest.raises(ConfigurationError) as caught:
            door.call("GET", f"{api.origin}/x", door.auth(server.grant(client_secret=vault)))
        assert isinstance(caught.value, door.error)
        assert server.seen == api.seen == []

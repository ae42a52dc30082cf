"""One token for everybody with the same grant, whatever library, thread or event loop asks (cases 17 to 21)."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import partial
from typing import Any

import doors
import pytest
from doors import KINDS, Clock, Door, Kind, TokenEndpoint, at_once, landed, open_door, plain
from timing import HUNG, eventually

from oauth_cc_auth import ClientCredentials, OriginNotAllowed, ResourceServer, TokenSource
from oauth_cc_auth.sandbox import Sandbox

door, sandbox = doors.door, doors.sandbox
# What is not about a crowd that waits.
each = doors.only(lambda _: True)


@pytest.mark.parametrize("share", [pytest.param(1, marks=pytest.mark.endurance), 8], ids=["crowd", "few"])
def test_a_cold_crowd_makes_one_token_request(door: Door, sandbox: Sandbox, share: int) -> None:
    """Case 17: 64 threads, 200 asyncio tasks or 100 trio tasks make one token request together, and so do fewer."""
    grant, api = plain(sandbox)
    sandbox.delay = 0.05
    crowd = door.kind.crowd // share
    answers = door.call_many(crowd, "GET", f"{api}/x", door.auth(grant))
    assert {getattr(answer, "status_code", answer) for answer in answers} == {200}
    assert (sandbox.token_requests, sandbox.api_requests) == (1, crowd)


def test_a_crowd_with_an_expired_token_makes_one_token_request(door: Door, sandbox: Sandbox) -> None:
    """Case 17: when the token has expired, a crowd makes one renewal."""
    clock = Clock()
    grant, api = plain(sandbox)
    auth = door.auth(TokenSource(grant, clock=clock))
    door.call("GET", f"{api}/x", auth)
    clock.now += 3600
    answers = door.call_many(8, "GET", f"{api}/x", auth)
    assert {getattr(answer, "status_code", answer) for answer in answers} == {200}
    assert sandbox.token_requests == 2


@each
def test_auth_objects_made_per_call_share_the_token(door: Door, sandbox: Sandbox) -> None:
    """An auth object built anew for each call costs no token request."""
    _, api = plain(sandbox)
    for _ in range(5):
        grant, _ = plain(sandbox)
        assert door.call("GET", f"{api}/x", door.auth(grant)).status_code == 200
    assert sandbox.token_requests == 1


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.loop], ids=str)
def test_two_loops_one_after_the_other(kind: Kind, sandbox: Sandbox) -> None:
    """Case 17: an auth object that was used in one event loop works in the next, with the same token."""
    grant, api = plain(sandbox)
    auth = open_door(kind).auth(grant)
    for _ in range(2):
        with open_door(kind) as door:
            assert door.call("GET", f"{api}/x", auth).status_code == 200
    assert sandbox.token_requests == 1


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.loop], ids=str)
def test_two_loops_at_the_same_time(kind: Kind, sandbox: Sandbox) -> None:
    """Case 17: two event loops that share an auth object make one token request."""
    grant, api = plain(sandbox)
    sandbox.delay = 0.05
    auth = open_door(kind).auth(grant)
    with open_door(kind) as one, open_door(kind) as other:
        start = threading.Barrier(2)
        crowds = at_once([partial(each.call_many, 20, "GET", f"{api}/x", auth, start=start) for each in (one, other)])
    assert {getattr(answer, "status_code", answer) for crowd in crowds for answer in crowd} == {200}
    assert sandbox.token_requests == 1


def test_four_loops_and_threads_mixed(sandbox: Sandbox) -> None:
    """Case 17: threads of three libraries and four event loops, asyncio and trio, make one token request together."""
    sandbox.delay = 0.1
    start = threading.Barrier(len(KINDS))
    with ExitStack() as stack:
        everyone = [stack.enter_context(open_door(kind)) for kind in KINDS]

        def crowd(door: Door) -> list[object]:
            grant, api = plain(sandbox)
            return door.call_many(16, "GET", f"{api}/x", door.auth(grant), start=start)

        crowds = at_once([partial(crowd, door) for door in everyone])
    assert {getattr(answer, "status_code", answer) for crowd in crowds for answer in crowd} == {200}
    assert (sandbox.token_requests, sandbox.api_requests) == (1, 16 * len(KINDS))


def test_one_source_for_two_libraries(sandbox: Sandbox) -> None:
    """RequestsAuth(source) and HttpxAuth(source) present the same token, and source.token() is it."""
    grant, api = plain(sandbox)
    source = TokenSource(grant)
    sent = set()
    for kind in KINDS:
        with open_door(kind) as door:
            answer = door.call("GET", f"{api}/x", door.auth(source))
            sent.add(str(answer.request.headers["Authorization"]))
            assert door.token(source) == source.token()
    assert sent == {f"Bearer {source.token().access_token}"}
    assert sandbox.token_requests == 1


@each
def test_a_slow_vendor_delays_nobody_else(door: Door, sandbox: Sandbox) -> None:
    """Case 18: while one vendor's token request hangs, another vendor's calls are answered."""
    release = threading.Event()
    grant, api = plain(sandbox)
    with TokenEndpoint() as slow, doors.LoopbackServer() as slow_api:
        slow.answer = lambda seen: slow.issue(seen) if release.wait(HUNG) else doors.Reply(500)
        call = partial(door.call_many, 1, "GET", slow_api.origin, door.auth(slow.grant(slow_api.origin)))
        waiting = threading.Thread(target=call, daemon=True)
        waiting.start()
        eventually(lambda: slow.seen)
        assert door.call("GET", f"{api}/x", door.auth(grant)).status_code == 200
        assert (len(slow.seen), slow_api.seen) == (1, [])
        release.set()
        waiting.join(HUNG)
        assert len(slow_api.seen) == 1


@each
def test_short_lives_are_lived(door: Door) -> None:
    """Case 21: with tokens of 30 s, 3 s and 1 s, five calls within three quarters of a life make one token request."""
    clock = Clock()
    with TokenEndpoint() as server, doors.LoopbackServer() as api:
        for lifetime in (30, 3, 1):
            server.members["expires_in"], server.issued = lifetime, 0
            auth = door.auth(TokenSource(server.grant(api.origin, scope=str(lifetime)), clock=clock))
            for _ in range(5):
                assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
                clock.now += lifetime * 0.15
            assert server.issued == 1


def test_a_due_token_is_served_while_one_renewal_is_under_way(door: Door) -> None:
    """A token in the last fifth of its life serves a crowd at once, while one token request brings the next."""
    clock, release = Clock(), threading.Event()
    with TokenEndpoint(expires_in=100) as server, doors.LoopbackServer() as api:
        source = TokenSource(server.grant(api.origin), clock=clock)
        auth = door.auth(source)
        door.call("GET", f"{api.origin}/x", auth)
        server.answer = lambda seen: server.issue(seen) if release.wait(HUNG) else doors.Reply(500)
        clock.now += 83
        answers = door.call_many(16, "GET", f"{api.origin}/x", auth)
        assert {answer.status_code for answer in answers} == {200}
        assert {seen.token for seen in api.seen} == {"token-1"}
        release.set()
        landed(source)
        door.call("GET", f"{api.origin}/x", auth)
        assert api.seen[-1].token == "token-2"
        assert server.issued == 2


@each
def test_another_request_is_another_token(door: Door, sandbox: Sandbox) -> None:
    """Case 19: a different scope, audience, parameter, client or secret never gets the first one's token."""
    grant, api = plain(sandbox)
    different: list[dict[str, Any]] = [
        {"scope": "read"},
        {"audience": "https://a.example"},
        {"parameters": {"tenant": "t"}},
        {"client_id": "other"},
    ]
    others = [plain(sandbox, **changed)[0] for changed in different]
    for each in (grant, *others):
        door.call("GET", f"{api}/x", door.auth(each))
    sent = {record.presented() for record in sandbox.requests if record.kind == "api"}
    assert (len(sent), sandbox.token_requests) == (5, 5)


@each
def test_a_pin_is_never_widened_by_another_handle(door: Door, sandbox: Sandbox) -> None:
    """Two grants that differ in their resource server share the token, and each keeps its own pin."""
    with doors.LoopbackServer() as foreign:
        grant, api = plain(sandbox)
        wide = ClientCredentials(
            token_endpoint=grant.token_endpoint,
            client_id="client",
            client_secret="a secret",
            resource_server=ResourceServer(api, origins=(foreign.origin,)),
        )
        assert door.call("GET", f"{foreign.origin}/x", door.auth(wide)).status_code == 200
        with pytest.raises(OriginNotAllowed):
            door.call("GET", f"{foreign.origin}/x", door.auth(grant))
        assert sandbox.token_requests == 1
        assert len(foreign.seen) == 1

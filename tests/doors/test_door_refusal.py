"""A refused token: once more with a fresh one, and never a token request per call (cases 29 to 31, and 34)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import doors
import pytest
from doors import Clock, Door, LoopbackServer, Reply, Seen, TokenEndpoint, json_reply, plain, refusing
from timing import HUNG, eventually

from oauth_cc_auth import ApiError, InvalidClient, ResourceServer, TokenSource
from oauth_cc_auth.sandbox import Sandbox

door, sandbox = doors.each_class, doors.sandbox


@pytest.mark.requirement("7009-any-time")
def test_a_revoked_token_is_renewed(door: Door, sandbox: Sandbox) -> None:
    """Case 29: the first call after a revocation answers 200 after one renewal, and the next call needs none."""
    grant, api = plain(sandbox)
    auth = door.auth(grant)
    door.call("GET", f"{api}/x", auth)
    sandbox.revoke_all()
    answer = door.call("GET", f"{api}/x", auth)
    assert (answer.status_code, [hop.status_code for hop in answer.history]) == (200, [401] * door.keeps_history)
    assert door.call("GET", f"{api}/x", auth).history == type(answer.history)()
    assert (sandbox.token_requests, sandbox.api_requests) == (2, 4)


def test_a_crowd_with_a_revoked_token_makes_one_renewal(door: Door, sandbox: Sandbox) -> None:
    """Case 29: 64 concurrent calls with a revoked token all answer 200 after one renewal."""
    grant, api = plain(sandbox)
    auth = door.auth(grant)
    door.call("GET", f"{api}/x", auth)
    sandbox.revoke_all()
    sandbox.delay = 0.05
    answers = door.call_many(64, "GET", f"{api}/x", auth)
    assert {getattr(answer, "status_code", answer) for answer in answers} == {200}
    assert sandbox.token_requests == 2


def test_a_late_refusal_of_an_old_token_renews_nothing(door: Door) -> None:
    """Case 29: a 401 that arrives for a token which was renewed meanwhile is answered with the current token."""
    late = threading.Event()

    def answer(seen: Seen) -> Reply:
        if seen.path == "/late" and seen.token == "token-1":
            late.wait(HUNG)
        return refusing("token-1")(seen)

    with TokenEndpoint() as server, LoopbackServer() as api:
        auth = door.auth(server.grant(api.origin))
        door.call("GET", f"{api.origin}/x", auth)
        api.answer = answer
        outcomes: list[object] = []
        slow = threading.Thread(
            target=lambda: outcomes.extend(door.call_many(1, "GET", f"{api.origin}/late", auth)), daemon=True
        )
        slow.start()
        eventually(lambda: any(seen.path == "/late" for seen in api.seen))
        assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
        late.set()
        slow.join(HUNG)
        assert [getattr(outcome, "status_code", outcome) for outcome in outcomes] == [200]
        assert [seen.token for seen in api.seen if seen.path == "/late"] == ["token-1", "token-2"]
        assert server.issued == 2


def test_a_second_401_is_returned_as_it_is(door: Door, sandbox: Sandbox) -> None:
    """Case 30: an API that refuses the fresh token too is asked exactly twice, and its second answer is returned."""
    grant, api = plain(sandbox)
    sandbox.reject_all_tokens = True
    answer = door.call("GET", f"{api}/x", door.auth(grant))
    assert (answer.status_code, [hop.status_code for hop in answer.history]) == (401, [401] * door.keeps_history)
    assert (sandbox.token_requests, sandbox.api_requests) == (2, 2)


def test_an_api_that_refuses_every_token_costs_a_handful_of_token_requests(door: Door) -> None:
    """Case 30: 75 refused calls over five minutes make a handful of token requests, and are mostly sent once."""
    clock = Clock()
    with TokenEndpoint(expires_in=36_000) as server, LoopbackServer(lambda _: Reply(401)) as api:
        auth = door.auth(TokenSource(server.grant(api.origin), clock=clock))
        for _ in range(75):
            assert door.call("GET", f"{api.origin}/x", auth).status_code == 401
            clock.now += 4.0
        # 1, 2, 4 ... 256 s: nine pauses fit into 300 s, after the first two tokens.
        assert 4 <= server.issued <= 11
        assert len(api.seen) <= 75 + server.issued


def test_while_renewals_are_held_back_a_call_is_sent_once(door: Door) -> None:
    """Case 30: right after a fresh token was refused, a call is sent once and its 401 returned; a crowd too."""
    clock = Clock()
    with TokenEndpoint() as server, LoopbackServer(lambda _: Reply(401)) as api:
        auth = door.auth(TokenSource(server.grant(api.origin), clock=clock))
        door.call("GET", f"{api.origin}/x", auth)
        answers = door.call_many(20, "GET", f"{api.origin}/x", auth)
        assert {answer.status_code for answer in answers} == {401}
        assert (server.issued, len(api.seen)) == (2, 2 + 20)


def test_the_first_success_ends_the_holding_back(door: Door) -> None:
    """Case 30: after one answer that is no refusal, a revoked token is renewed at once again."""
    clock = Clock()
    with TokenEndpoint() as server, LoopbackServer(lambda _: Reply(401)) as api:
        auth = door.auth(TokenSource(server.grant(api.origin), clock=clock))
        door.call("GET", f"{api.origin}/x", auth)
        api.answer = lambda _: Reply()
        assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
        api.answer = refusing("token-2")
        assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
        assert server.issued == 3


def test_a_401_about_something_else_renews_nothing(door: Door) -> None:
    """Case 31: another scheme, or another error than invalid_token, is the caller's answer."""
    challenge = 'Basic realm="Bearer", Bearer error="insufficient_scope"'
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1", www_authenticate=challenge)) as api:
        auth = door.auth(server.grant(api.origin))
        for _ in range(2):
            assert door.call("GET", f"{api.origin}/x", auth).status_code == 401
        assert (server.issued, len(api.seen)) == (1, 2)


def test_another_status_renews_nothing(door: Door) -> None:
    """Case 31: 403 and 500 are the caller's answers."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        api.answer = lambda seen: Reply(int(seen.path[1:]))
        for status in (403, 500):
            answer = door.call("GET", f"{api.origin}/{status}", door.auth(server.grant(api.origin)))
            assert answer.status_code == status
        assert (server.issued, len(api.seen)) == (1, 2)


@doors.only(lambda kind: kind.name == "requests")
@pytest.mark.requirement("6750-insufficient-scope")
def test_a_scope_that_the_token_lacks(door: Door) -> None:
    """RFC 6750 §3.1: 403 insufficient_scope is the caller's answer at once, whose `scope` its error tells."""
    challenge = 'Bearer error="insufficient_scope", scope="read write"'
    with TokenEndpoint() as server, LoopbackServer() as api:
        api.answer = lambda _: Reply(403, (("WWW-Authenticate", challenge),))
        api_of = ResourceServer(api.origin, renew_on={401, 403})
        grant = server.grant(api.origin, resource_server=api_of)
        answer = door.call("GET", f"{api.origin}/x", door.auth(grant))
        said = grant.api_error(answer)
        assert (said.status, said.code, said.required_scope) == (403, "insufficient_scope", "read write")
        assert (server.issued, len(api.seen)) == (1, 1)


def test_a_401_about_our_token_renews_it(door: Door) -> None:
    """Case 31: with no challenge, or one of our scheme among others, in one header or several, the token is renewed."""
    said: list[tuple[str, ...]] = [
        (),
        ('Basic realm="a, b", Bearer error="invalid_token"',),
        ('Basic realm="a"', 'Bearer error="invalid_token"'),
        ('Bearer error="invalid_token"', 'Basic realm="a"'),
    ]
    with TokenEndpoint() as server, LoopbackServer() as api:
        auth = door.auth(server.grant(api.origin))
        for number, challenges in enumerate(said, start=1):
            api.answer = refusing_by(challenges, f"token-{number}")
            assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
            assert (server.issued, len(api.seen)) == (1 + number, 2 * number)


def refusing_by(challenges: tuple[str, ...], token: str) -> Callable[[Seen], Reply]:
    """Answer 401 to this token, with a header for each challenge."""
    named = tuple(("WWW-Authenticate", challenge) for challenge in challenges)
    return lambda seen: Reply(401, named) if seen.token == token else Reply()


def test_a_refusal_leaves_its_connection_usable(door: Door) -> None:
    """Case 34: five calls with five refusals use one connection."""
    refused: set[str | None] = set()

    def answer(seen: Seen) -> Reply:
        return Reply(401, (), b"x" * 60_000) if seen.token in refused else Reply()

    with TokenEndpoint() as server, LoopbackServer(answer) as api:
        auth = door.auth(server.grant(api.origin))
        for number in range(1, 6):
            refused.add(f"token-{number}")
            assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
        assert (server.issued, len(api.seen), api.connections) == (6, 10, 1)


def composed(door: Door, inner: Any, *, reads: bool) -> Any:
    """Return an auth object that adds a header and leaves the rest to another, by httpx's older name of a flow."""

    class Composed(door.library.Auth):  # type: ignore[name-defined, misc]  # chosen at run time
        requires_response_body = reads

        def auth_flow(self, request: Any) -> Any:
            request.headers["X-Tenant"] = "acme"
            yield from inner.auth_flow(request)

    return Composed()


@doors.only(lambda kind: kind.like_httpx)
def test_a_composed_flow_is_renewed(door: Door) -> None:
    """Case 29: a flow that was composed of ours works with both kinds of client, though it has no way to wait."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        for refused, reads in (("token-1", False), ("token-2", True)):
            api.seen.clear()
            api.answer = refusing(refused)
            auth = composed(door, door.auth(server.grant(api.origin)), reads=reads)
            answer = door.call("GET", f"{api.origin}/x", auth)
            assert (answer.status_code, answer.content, len(answer.history)) == (200, b"yes", 1)
            assert answer.history[0].content == b"no"
            assert [seen.headers["x-tenant"] for seen in api.seen] == ["acme", "acme"]


@doors.only(lambda kind: kind.like_httpx)
@pytest.mark.parametrize("reads", [False, True])
def test_a_composed_flow_judges_what_can_be_read(door: Door, *, reads: bool) -> None:
    """Line 29: an async client's answer is judged by what it says where the composed flow has it read, else without."""
    judged: list[str | None] = []

    def answer(seen: Seen) -> Reply:
        return json_reply({"code": "dead" if seen.token == "token-1" else "fine"})

    def dead(error: ApiError) -> bool:
        judged.append(error.code)
        return error.code != "fine"

    with TokenEndpoint() as server, LoopbackServer(answer) as api:
        inner = door.auth(server.grant(resource_server=ResourceServer(api.origin, renew_on={200}, renew_if=dead)))
        answered = door.call("GET", f"{api.origin}/x", composed(door, inner, reads=reads))
        assert [hop.json()["code"] for hop in (*answered.history, answered)] == ["dead", "fine"]
        assert judged == (["dead", "fine"] if reads or not door.kind.loop else [None, None])


def test_the_same_token_again_is_not_sent_again(door: Door, sandbox: Sandbox) -> None:
    """A server that hands out the refused token again costs one API call, and is not asked at each call."""
    grant, api = plain(sandbox)
    auth = door.auth(grant)
    door.call("GET", f"{api}/x", auth)
    sandbox.reuse_token = sandbox.reject_all_tokens = True
    for _ in range(3):
        assert door.call("GET", f"{api}/x", auth).status_code == 401
    assert (sandbox.token_requests, sandbox.api_requests) == (2, 4)


def test_a_renewal_that_fails_is_a_typed_error(door: Door, sandbox: Sandbox) -> None:
    """When the API refuses the token and no other can be had, the caller gets the reason, not a bare 401."""
    grant, api = plain(sandbox)
    auth = door.auth(grant)
    door.call("GET", f"{api}/x", auth)
    sandbox.revoke_all()
    sandbox.rotate_secret(grant, "another")
    with pytest.raises(InvalidClient) as caught:
        door.call("GET", f"{api}/x", auth)
    assert isinstance(caught.value, door.error)
    assert (sandbox.token_requests, sandbox.api_requests) == (2, 2)


def test_a_streaming_response_stays_unread(door: Door, sandbox: Sandbox) -> None:
    """A streamed answer is handed over unread, be it the first or the one after a renewal."""
    grant, api = plain(sandbox)
    auth = door.auth(grant)
    for _ in range(2):
        status, unread, body = door.stream("GET", f"{api}/x", auth)
        assert (status, unread) == (200, True)
        assert b'"path":"/x"' in body.replace(b" ", b"")
        sandbox.revoke_all()
    assert sandbox.token_requests == 2


def test_many_refusals_at_once_hold_back_once(door: Door) -> None:
    """Case 30: a crowd that an API refuses makes two token requests, and each call goes out at most twice."""
    clock = Clock()
    with TokenEndpoint() as server, LoopbackServer(lambda _: Reply(401)) as api:
        source = TokenSource(server.grant(api.origin), clock=clock)
        answers = door.call_many(32, "GET", f"{api.origin}/x", door.auth(source))
        assert {getattr(answer, "status_code", answer) for answer in answers} == {401}
        assert server.issued == 2
        assert len(api.seen) <= 64

"""Where a redirect leads, the token follows only on its own origin (case 33)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import doors
import pytest
from doors import Door, LoopbackServer, Reply, Seen, TokenEndpoint, refusing

from oauth_cc_auth import ResourceServer

door = doors.each_class


def to(location: str, status: int = 302) -> Reply:
    """Redirect."""
    return Reply(status, (("Location", location),), b"moved")


def test_a_401_of_another_origin_renews_nothing(door: Door) -> None:
    """Case 33: a redirect to another port carries no token, and a 401 from there is the caller's answer."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer(lambda _: Reply(401)) as foreign:
        api.answer = lambda _: to(f"{foreign.origin}/x")
        answer = door.call("GET", f"{api.origin}/x", door.auth(server.grant()), follow=True)
        assert (answer.status_code, [hop.status_code for hop in answer.history]) == (401, [302])
        assert [seen.token for seen in (*api.seen, *foreign.seen)] == ["token-1", None]
        assert server.issued == 1


def test_another_name_of_the_host_is_another_origin(door: Door) -> None:
    """Case 33: a redirect to another host on the same port carries no token, and its 401 renews nothing."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        elsewhere = f"http://localhost:{api.server_port}/x"
        api.answer = lambda seen: Reply(401) if seen.path == "/x" else to(elsewhere)
        answer = door.call("GET", f"{api.origin}/start", door.auth(server.grant(api.origin)), follow=True)
        assert (answer.status_code, [seen.token for seen in api.seen]) == (401, ["token-1", None])
        assert server.issued == 1


def test_a_redirected_request_that_is_refused_goes_again(door: Door) -> None:
    """Case 33: after a redirect on the same origin the redirected request goes again, and later hops carry the
    fresh token.
    """

    def answer(seen: Seen) -> Reply:
        if seen.path == "/a":
            return to("/b")
        if seen.token == "token-1":
            return Reply(401)
        return to("/c") if seen.path == "/b" else Reply()

    with TokenEndpoint() as server, LoopbackServer(answer) as api:
        answered = door.call("GET", f"{api.origin}/a", door.auth(server.grant(api.origin)), follow=True)
        assert answered.status_code == 200
        assert str(answered.url) == f"{api.origin}/c"
        seen = [(seen.path, seen.token) for seen in api.seen]
        assert seen == [("/a", "token-1"), ("/b", "token-1"), ("/b", "token-2"), ("/c", "token-2")]
        assert server.issued == 2


def test_a_post_answered_303_is_not_repeated(door: Door) -> None:
    """Case 33: after a 303 only the GET that it asked for goes again: the POST took effect."""

    def answer(seen: Seen) -> Reply:
        return to("/result", 303) if seen.method == "POST" else refusing("token-1")(seen)

    with TokenEndpoint() as server, LoopbackServer(answer) as api:
        auth = door.auth(server.grant(api.origin))
        assert door.call("POST", f"{api.origin}/order", auth, content=b"1", follow=True).status_code == 200
        assert [(seen.method, seen.path) for seen in api.seen] == [
            ("POST", "/order"),
            ("GET", "/result"),
            ("GET", "/result"),
        ]


@pytest.mark.parametrize("status", [307, 308])
def test_a_post_redirected_with_its_body_goes_again_with_it(door: Door, status: int) -> None:
    """Case 33: after a 307 or 308 the redirected POST goes again, body included, and the first one does not."""

    def answer(seen: Seen) -> Reply:
        return to("/b", status) if seen.path == "/a" else refusing("token-1")(seen)

    with TokenEndpoint() as server, LoopbackServer(answer) as api:
        auth = door.auth(server.grant(api.origin))
        assert door.call("POST", f"{api.origin}/a", auth, content=b"body", follow=True).status_code == 200
        assert [(seen.path, seen.body) for seen in api.seen] == [("/a", b"body"), ("/b", b"body"), ("/b", b"body")]


def test_a_refusal_before_a_redirect(door: Door) -> None:
    """A request that is refused and then redirected on its origin carries the fresh token on every later hop."""

    def answer(seen: Seen) -> Reply:
        if seen.token == "token-1":
            return Reply(401)
        return to("/b") if seen.path == "/a" else Reply()

    with TokenEndpoint() as server, LoopbackServer(answer) as api:
        assert door.call("GET", f"{api.origin}/a", door.auth(server.grant(api.origin)), follow=True).status_code == 200
        seen = [(seen.path, seen.token) for seen in api.seen]
        assert seen == [("/a", "token-1"), ("/a", "token-2"), ("/b", "token-2")]


@pytest.mark.parametrize("refused_first", [False, True])
def test_a_custom_header_and_a_foreign_redirect(door: Door, *, refused_first: bool) -> None:
    """Case 33: a token in a header of its own stays behind, and is used on."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as foreign:

        def answer(seen: Seen) -> Reply:
            if refused_first and seen.headers["x-token"] == "token-1":
                return Reply(401)
            return to(f"{foreign.origin}/x") if seen.path == "/leak" else Reply()

        api.answer = answer
        auth = door.auth(server.grant(resource_server=ResourceServer(api.origin, header="X-Token", scheme=None)))
        assert door.call("GET", f"{api.origin}/leak", auth, follow=True).status_code == 200
        assert [seen.headers.get("x-token") for seen in foreign.seen] == [None]
        door.call("GET", f"{api.origin}/x", auth)
        assert api.seen[-1].headers["x-token"] == f"token-{1 + refused_first}"
        assert server.issued == 1 + refused_first


def test_a_refusal_of_a_foreign_origin_is_none(door: Door) -> None:
    """Case 33: what a redirect led to elsewhere got no token of ours, also where any origin may have one."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer(lambda _: Reply(401)) as foreign:
        api.answer = lambda _: to(foreign.origin)
        for pin in (api.origin, None):
            auth = door.auth(server.grant(resource_server=ResourceServer(pin, header="X-Token", scheme=None)))
            assert door.call("GET", f"{api.origin}/leak", auth, follow=True).status_code == 401
        assert [seen.headers.get("x-token") for seen in foreign.seen] == [None, None]
        assert server.issued == 1


def test_a_custom_header_stays_on_its_origin(door: Door) -> None:
    """A redirect on the same origin, or to an origin that was named, is no leak: no warning, and the token lives on."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as friend:
        api.answer = lambda seen: Reply() if seen.path == "/x" else to("/x" if seen.path == "/same" else friend.origin)
        resource_server = ResourceServer(api.origin, origins=(friend.origin,), header="X-Token", scheme=None)
        auth = door.auth(server.grant(resource_server=resource_server))
        for path in ("/same", "/friend"):
            assert door.call("GET", api.origin + path, auth, follow=True).status_code == 200
        assert {seen.headers["x-token"] for seen in api.seen} == {"token-1"}
        assert server.issued == 1


@pytest.mark.parametrize("refused_first", [False, True])
def test_an_api_key_and_a_foreign_redirect(door: Door, *, refused_first: bool) -> None:
    """Case 33: the headers of a `ResourceServer` stay behind, vendors' keys among them; one that the caller set goes
    where the caller sends it.
    """

    def answer(seen: Seen) -> Reply:
        if refused_first and seen.token == "token-1":
            return Reply(401)
        return to(f"{foreign.origin}/x") if seen.path == "/away" else to("/away")

    with TokenEndpoint() as server, LoopbackServer(answer) as api, LoopbackServer() as foreign:
        headers: dict[str, Any] = {"X-Key": "key", "X-Made": lambda: "made", "X-Version": "1", "Accept": "text/plain"}
        auth = door.auth(server.grant(resource_server=ResourceServer(api.origin, headers=headers)))
        door.call("GET", f"{api.origin}/x", auth, headers={"X-Version": "2"}, follow=True)
        (seen,) = foreign.seen
        ours = ("key", "made", "2", "text/plain")
        assert {tuple(seen.headers[name.lower()] for name in headers) for seen in api.seen} == {ours}
        arrived = tuple(seen.headers.get(name.lower()) for name in headers)
        # aiohttp begins a hop anew, with an Accept of its own.
        assert arrived == (None, None, "2", "*/*" if door.kind.library == "aiohttp" else None)
        assert seen.token is None


def test_a_redirect_that_is_the_refusal(door: Door) -> None:
    """Case 33: where a redirect to a foreign login page means a dead token, the request goes again with all it had."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        api.answer = lambda seen: Reply() if seen.headers["x-token"] == "token-2" else to("https://login.example/")
        resource_server = ResourceServer(
            api.origin, header="X-Token", scheme=None, headers={"X-Key": "key"}, renew_on={302}
        )
        auth = door.auth(server.grant(resource_server=resource_server))
        assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
        seen = [(seen.headers["x-token"], seen.headers["x-key"]) for seen in api.seen]
        assert seen == [("token-1", "key"), ("token-2", "key")]


def test_no_spelling_of_a_redirect_takes_anything_along(door: Door) -> None:
    """Case 33: whatever a library makes of a Location, a token or key of ours reaches nobody but the API."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as foreign:
        evil = foreign.origin.partition("//")[2]
        spellings = [f"////{evil}/x", f"///{evil}/x", f"/\\{evil}/x", f"/\t/{evil}/x", f"//{evil}/x", f"\\\\{evil}"]
        api.answer = lambda seen: to(spellings[int(seen.path[1:])]) if seen.path[1:].isdigit() else Reply()
        resource_server = ResourceServer(api.origin, header="X-Token", scheme=None, headers={"X-Key": "key"})
        auth = door.auth(server.grant(resource_server=resource_server))
        for number in range(len(spellings)):
            with suppress(door.error, ValueError):  # some are too odd for some libraries
                door.call("GET", f"{api.origin}/{number}", auth, follow=True)
        assert foreign.seen
        assert {(seen.headers.get("x-token"), seen.headers.get("x-key")) for seen in foreign.seen} <= {(None, None)}


def test_a_redirect_that_names_a_user_takes_no_token_along(door: Door) -> None:
    """Libraries take the user and the password out of a redirect's address; it is a redirect all the same."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as foreign:
        there = foreign.origin.replace("://", "://user:word@")
        api.answer = lambda _: to(f"{there}/x")
        assert door.call("GET", f"{api.origin}/x", door.auth(server.grant()), follow=True).status_code == 200
        assert [seen.token for seen in api.seen] == ["token-1"]
        assert ["token-1" in seen.headers.get("authorization", "") for seen in foreign.seen] == [False]

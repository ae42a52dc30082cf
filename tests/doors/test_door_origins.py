"""The token goes where it belongs and nowhere else; elsewhere nothing at all is sent (case 36)."""

from __future__ import annotations

import doors
import pytest
from doors import Door, LoopbackServer, TokenEndpoint, only

from oauth_cc_auth import InsecureTransport, OriginNotAllowed, ResourceServer

door = doors.each_class

ELSEWHERE = [
    "https://other.example.com/x",
    "https://example.com/x",
    "https://sub.api.example.com/x",
    "https://api.example.com.evil.example/x",
    "https://api.example.com@evil.example/x",
    "https://evil.example/api.example.com",
    "https://evil.example#@api.example.com",
    "https://api.example.com:8443/x",
    "http://api.example.com/x",
    "http://api.example.com:443/x",
    "https://api.example.com./x",
    "https://аpi.example.com/x",  # noqa: RUF001 - its first letter is Cyrillic
    "https://127.0.0.1/x",
]


def test_other_origins_are_refused_before_anything_is_sent(door: Door) -> None:
    """Case 36: what is not the API's origin raises OriginNotAllowed; not even a token request is made."""
    with TokenEndpoint() as server:
        auth = door.auth(server.grant("https://api.example.com"))
        for url in ELSEWHERE:
            with pytest.raises(OriginNotAllowed) as caught:
                door.call("GET", url, auth)
            assert isinstance(caught.value, door.error), url
        assert server.seen == []


def test_a_token_in_memory_goes_nowhere_else_either(door: Door) -> None:
    """Case 36: with a fresh token in memory, another origin is refused just the same."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as foreign:
        auth = door.auth(server.grant(api.origin))
        assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
        for url in (f"{foreign.origin}/x", f"http://localhost:{api.server_port}/x", *ELSEWHERE):
            with pytest.raises(OriginNotAllowed):
                door.call("GET", url, auth)
        assert (len(api.seen), foreign.seen) == (1, [])


def test_other_spellings_of_the_origin_are_equal(door: Door) -> None:
    """Case 36: upper case, a user name and a query without a path are the same origin, and the token goes there."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        auth = door.auth(server.grant(f"http://LocalHost:{api.server_port}"))
        here = f"localhost:{api.server_port}"
        for url in (f"http://{here}", f"HTTP://{here.upper()}/x", f"http://user:word@{here}/x", f"http://{here}?a=/b"):
            assert door.call("GET", url, auth).status_code == 200
        assert [seen.token for seen in api.seen] == ["token-1"] * 4


def test_plain_http_is_refused_beyond_loopback(door: Door) -> None:
    """Plain http to anything but loopback is InsecureTransport, before anything is sent, unless the grant allows it."""
    with TokenEndpoint() as server:
        for pin in (None, ResourceServer("http://api.example.com")):
            with pytest.raises(InsecureTransport, match="allow_insecure_http") as caught:
                door.call("GET", "http://api.example.com/x", door.auth(server.grant(resource_server=pin)))
            assert isinstance(caught.value, door.error)
        assert server.seen == []


def test_without_a_resource_server_any_secure_origin_will_do(door: Door) -> None:
    """Without a resource server the token goes to any loopback or https origin that the caller asks."""
    with TokenEndpoint() as server, LoopbackServer() as one, LoopbackServer() as other:
        auth = door.auth(server.grant())
        for api in (one, other):
            assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
            assert [seen.token for seen in api.seen] == ["token-1"]


@only(lambda kind: kind.library != "aiohttp")  # its errors hold no request
def test_the_error_shows_the_request_without_its_secrets(door: Door) -> None:
    """An OriginNotAllowed says for which request it was raised, and that request carries no credentials."""
    with TokenEndpoint() as server:
        auth = door.auth(server.grant("https://api.example.com"))
        with pytest.raises(OriginNotAllowed) as caught:
            door.call("GET", "https://evil.example/x", auth, headers={"Cookie": "session=canary"})
    request = getattr(caught.value, "request", None)
    assert request is not None
    assert str(request.url) == "https://evil.example/x"
    assert "canary" not in str(dict(request.headers))


def test_headers_of_the_api_are_sent_there_only(door: Door) -> None:
    """Case 5: the API's extra headers go out with each call, the caller's own win, and the token endpoint gets none."""
    with TokenEndpoint() as server, LoopbackServer(doors.refusing("token-1")) as api:
        grant = server.grant(
            resource_server=ResourceServer(api.origin, headers={"X-Extra": "1", "User-Agent": "ours"}),
            headers={"X-Token-Request": "2"},
        )
        auth = door.auth(grant)
        assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
        assert door.call("GET", f"{api.origin}/x", auth, headers={"X-Extra": "mine"}).status_code == 200
        assert [seen.headers["x-extra"] for seen in api.seen] == ["1", "1", "mine"]
        assert {seen.headers["user-agent"] for seen in api.seen} == {"ours"}
        assert [(seen.headers.get("x-extra"), seen.headers["x-token-request"]) for seen in server.seen] == [
            (None, "2")
        ] * 2
        assert {seen.headers.get("x-token-request") for seen in api.seen} == {None}


def test_a_proxy_does_not_see_what_is_meant_for_this_machine(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain http to loopback is as good as https only while it stays here: a proxy of the environment would read it."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as proxy:
        auth = door.auth(server.grant(api.origin))
        monkeypatch.setenv("http_proxy", proxy.origin)
        monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
        door.auth(server.grant(api.origin))._serving.admit(api.origin)
        monkeypatch.setenv("no_proxy", "")
        with pytest.raises(InsecureTransport, match="Name this host in NO_PROXY"):
            door.call("GET", f"{api.origin}/x", auth)
        assert (server.issued, proxy.seen, api.seen) == (0, [], [])
        door.auth(server.grant(api.origin, allow_insecure_http=True))._serving.admit(api.origin)

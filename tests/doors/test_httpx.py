"""What only the doors for httpx and httpx2 deal with; the promises that all doors keep are in test_door_*.py."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from doors import LoopbackServer, Reply, Seen, TokenEndpoint, refusing
from timing import eventually

from oauth_cc_auth import HttpxAuth, ResourceServer, forget_all

LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)

IN_ITS_OWN: dict[str, Any] = {"header": "X-Token", "scheme": None}


def away(origin: str) -> Callable[[Seen], Reply]:
    """Redirect to another origin."""
    return lambda _: Reply(302, (("Location", f"{origin}/x"),))


@LIBRARIES
def test_a_trace_of_the_caller_is_called_too(library: Any) -> None:
    """The caller's own trace sees every event, of a plain client and, awaited, of an async one."""
    events: list[str] = []

    async def watch(event: str, _: Any) -> None:
        events.append(event)

    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as foreign:
        api.answer = away(foreign.origin)
        auth = HttpxAuth(server.grant(resource_server=ResourceServer(api.origin, **IN_ITS_OWN)))
        extensions = {"trace": lambda event, _: events.append(event)}
        with library.Client(follow_redirects=True) as client:
            request = client.build_request("GET", api.origin, extensions=extensions)
            for _ in range(2):
                assert client.send(request, auth=auth).status_code == 200
        assert events.count("http11.send_request_headers.started") == 4

        async def main() -> None:
            async with library.AsyncClient(follow_redirects=True) as client:
                await client.get(api.origin, auth=auth, extensions={"trace": watch})

        anyio.run(main)
        assert events.count("http11.send_request_headers.started") == 6
        assert [seen.headers.get("x-token") for seen in foreign.seen] == [None] * 3
        assert {seen.headers.get("x-token") for seen in api.seen} == {"token-1"}


@LIBRARIES
def test_the_history_shows_what_a_hop_has_left_behind(library: Any) -> None:
    """The request of a hop to a foreign origin has no header of ours, as on the wire."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as foreign:
        api.answer = away(foreign.origin)
        server_ = ResourceServer(api.origin, headers={"X-Key": "key"}, **IN_ITS_OWN)
        with library.Client(follow_redirects=True, auth=HttpxAuth(server.grant(resource_server=server_))) as client:
            answer = client.get(api.origin)
        assert "x-token" not in answer.request.headers
        assert "x-key" not in answer.request.headers
        assert answer.history[0].request.headers["x-key"] == "key"


@LIBRARIES
def test_a_proxy_for_plain_http(library: Any) -> None:
    """By a proxy the request names its target whole, and that is judged, not the proxy's address."""
    with TokenEndpoint() as server, LoopbackServer() as proxy:
        proxy.answer = lambda seen: (
            Reply(302, (("Location", "http://evil.example/x"),)) if seen.path == "http://api.example.com/x" else Reply()
        )
        api = ResourceServer("http://api.example.com", **IN_ITS_OWN)
        auth = HttpxAuth(server.grant(resource_server=api, allow_insecure_http=True))
        with library.Client(follow_redirects=True, proxy=proxy.origin) as client:
            assert client.get("http://api.example.com/x", auth=auth).status_code == 200
        carried = [(seen.path, seen.headers.get("x-token")) for seen in proxy.seen]
        assert carried == [("http://api.example.com/x", "token-1"), ("http://evil.example/x", None)]


@LIBRARIES
@pytest.mark.parametrize("revocable", [False, True])
def test_a_transport_that_knows_no_trace(library: Any, *, revocable: bool) -> None:
    """Case 33: where nothing comes between the hops, a token that leaked is forgotten, revoked and warned about."""
    tokens: list[tuple[str, str | None]] = []

    def handle(request: Any) -> Any:
        tokens.append((request.url.host, request.headers.get("x-token")))
        if request.url.path == "/leak":
            return library.Response(302, headers={"Location": "https://evil.example/"})
        return library.Response(401 if request.url.host == "evil.example" else 200)

    with TokenEndpoint() as server:
        server.answer = lambda seen: Reply() if seen.path == "/revoke" else server.issue(seen)
        kw = {"revocation_endpoint": f"{server.origin}/revoke"} if revocable else {}
        api = ResourceServer("https://api.example.com", **IN_ITS_OWN)
        auth = HttpxAuth(server.grant(resource_server=api, **kw))
        with library.Client(transport=library.MockTransport(handle), follow_redirects=True, auth=auth) as client:
            with pytest.warns(RuntimeWarning, match="a redirect carried a token"):
                assert client.get("https://api.example.com/leak").status_code == 401
            assert client.get("https://api.example.com/x").status_code == 200
        assert tokens == [
            ("api.example.com", "token-1"),
            ("evil.example", "token-1"),
            ("api.example.com", "token-2"),
        ]
        if revocable:
            eventually(lambda: any(b"token-1" in seen.body for seen in server.seen if seen.path == "/revoke"))


@LIBRARIES
def test_a_response_hook_that_raises(library: Any) -> None:
    """A plain client's hook that raises for a 401 ends that call, and the next one has another token."""
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api:
        auth = HttpxAuth(server.grant(api.origin))
        hooks = {"response": [library.Response.raise_for_status]}
        with library.Client(auth=auth, event_hooks=hooks) as client:
            with pytest.raises(library.HTTPStatusError):
                client.get(api.origin)
            assert client.get(api.origin).status_code == 200
        assert [seen.token for seen in api.seen] == ["token-1", "token-2"]
        api.answer = lambda _: Reply(500)
        with library.Client(auth=auth, event_hooks=hooks) as client, pytest.raises(library.HTTPStatusError):
            client.get(api.origin)
        assert server.issued == 2


@LIBRARIES
def test_a_call_that_breaks_off(library: Any) -> None:
    """A transport that fails has given no answer, and nothing is judged."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        origin = api.origin
    with TokenEndpoint() as server:
        auth = HttpxAuth(server.grant(origin))
        with library.Client(auth=auth) as client, pytest.raises(library.ConnectError):
            client.get(origin)
        assert server.issued == 1


@LIBRARIES
def test_an_iterable_that_is_no_file_is_sent_once(library: Any) -> None:
    """An object that only iterates cannot be rewound, nor can a file that was closed meanwhile."""
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api, library.Client() as client:
        auth = HttpxAuth(server.grant(api.origin))
        assert client.put(api.origin, content=[b"0", b"1"], auth=auth).status_code == 401
        eventually(lambda: server.issued == 2)
        forget_all()


def test_the_class_of_an_auth_object() -> None:
    """It is an Auth of each library that is loaded, its own class and no other, and its subclasses keep theirs."""

    class Mine(HttpxAuth):
        """A subclass of a user's."""

    with TokenEndpoint() as server:
        for cls in (HttpxAuth, Mine):
            auth = cls(server.grant())
            assert isinstance(auth, httpx.Auth)
            assert isinstance(auth, httpx2.Auth)
            assert isinstance(auth, cls)
            assert type(cls(server.grant())) is type(auth)
            assert type(type(auth)(server.grant())) is type(auth)
            assert type(auth).__name__ == cls.__name__

        class OfMade(type(auth)):  # type: ignore[misc]  # a class made at run time
            """A subclass of what was made."""

        assert type(OfMade(server.grant())) is OfMade


@LIBRARIES
def test_an_answer_that_breaks_off_while_it_is_judged(library: Any) -> None:
    """The library's own error has the request that it was about."""

    class Broken(library.SyncByteStream):  # type: ignore[misc]  # chosen at run time
        def __iter__(self) -> Any:
            yield b'{"code"'
            message = "it broke off"
            raise library.ReadError(message)

    def handle(_: Any) -> Any:
        return library.Response(401, headers={"Content-Type": "application/json"}, stream=Broken())

    with TokenEndpoint() as server, library.Client(transport=library.MockTransport(handle)) as client:
        api = ResourceServer("https://api.example.com", renew_if=lambda _: True)
        with pytest.raises(library.ReadError) as caught:
            client.get("https://api.example.com", auth=HttpxAuth(server.grant(resource_server=api)))
        assert caught.value.request.url == "https://api.example.com"


@LIBRARIES
def test_an_answer_that_was_read_already(library: Any) -> None:
    """A transport may hand over an answer with its body, also to an async client."""
    tokens: list[str] = []

    def handle(request: Any) -> Any:
        tokens.append(request.headers["Authorization"])
        return library.Response(401 if len(tokens) == 1 else 200, json={"code": "dead"})

    async def main(auth: Any) -> None:
        async with library.AsyncClient(transport=library.MockTransport(handle), auth=auth) as client:
            assert (await client.get("https://api.example.com")).status_code == 200

    with TokenEndpoint() as server:
        api = ResourceServer("https://api.example.com", renew_if=lambda error: error.code == "dead")
        anyio.run(main, HttpxAuth(server.grant(resource_server=api)))
    assert tokens == ["Bearer token-1", "Bearer token-2"]


def test_help_shows_the_arguments() -> None:
    """The signature is that of the class's `__init__`, a subclass's too; an auth object has that of its call."""

    class Tenant(HttpxAuth):
        def __init__(self, tenant: str) -> None:
            """Make no auth object."""

    assert list(inspect.signature(HttpxAuth).parameters) == ["grant", "store", "client", "timeout"]
    assert list(inspect.signature(Tenant).parameters) == ["tenant"]
    assert list(inspect.signature(Tenant("acme")).parameters) == ["request", "_"]

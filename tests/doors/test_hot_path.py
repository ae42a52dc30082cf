"""A call with a token in memory costs at most eight Python function calls more than one with the client's header.

niquests makes thirteen for any auth object: there the comparison is one that only sets the header.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
import requests
from doors import TokenEndpoint
from requests.adapters import BaseAdapter

import oauth_cc_auth
from oauth_cc_auth import AiohttpAuth, GrpcAuth, HttpxAuth, RequestsAuth, ResourceServer, TokenSource

URL = "https://api.example.com/x"
STATIC = {"Authorization": "Bearer token-1"}

# What design.md allows.
ALLOWED = 8


class NullAdapter(BaseAdapter):
    """An adapter of requests that answers 200 without a wire."""

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]  # only what our call passes
        """Answer."""
        assert request.headers["Authorization"] == "Bearer token-1"
        response = requests.Response()
        response.status_code, response.request, response.url, response._content = 200, request, URL, b""
        return response

    def close(self) -> None:
        """Nothing to close."""


def null_transport(library: Any) -> Any:
    """Return a transport that answers 200 without a wire, for both kinds of client."""

    class Transport(library.BaseTransport, library.AsyncBaseTransport):  # type: ignore[misc]  # chosen at run time
        def handle_request(self, request: Any) -> Any:
            assert request.headers["Authorization"] == "Bearer token-1"
            return library.Response(200)

        async def handle_async_request(self, request: Any) -> Any:
            return self.handle_request(request)

    return Transport()


def calls_of(work: Callable[[], object]) -> int:
    """Count the Python function calls that the work makes in this thread."""
    count = 0

    def profile(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event == "call"

    work()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never has to wait, without an event loop to count."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    message = "it waited"
    raise AssertionError(message)


def test_requests() -> None:
    """A hot call of requests."""
    with requests.Session() as session, TokenEndpoint() as server:
        # Without this each call looks for a netrc, unless it has auth: that would flatter us.
        session.trust_env = False
        session.mount("https://", NullAdapter())
        auth = RequestsAuth(server.grant(resource_server=ResourceServer(URL)))
        session.get(URL, auth=auth)
        ours = calls_of(lambda: session.get(URL, auth=auth))
        session.headers.update(STATIC)
        plain = calls_of(lambda: session.get(URL))
    assert server.issued == 1
    assert ours - plain <= ALLOWED


@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
def test_httpx(library: Any) -> None:
    """A hot call of httpx and httpx2."""
    with library.Client(transport=null_transport(library)) as client, TokenEndpoint() as server:
        auth = HttpxAuth(server.grant(resource_server=ResourceServer(URL)))
        client.get(URL, auth=auth)
        ours = calls_of(lambda: client.get(URL, auth=auth))
        # Of the client, where it costs least: headers of a call are merged at each call.
        client.headers.update(STATIC)
        plain = calls_of(lambda: client.get(URL))
    assert server.issued == 1
    assert ours - plain <= ALLOWED


@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
def test_async_httpx(library: Any) -> None:
    """A hot call of an async client."""
    client = library.AsyncClient(transport=null_transport(library))
    with TokenEndpoint() as server:
        auth = HttpxAuth(server.grant(resource_server=ResourceServer(URL)))
        auth._source.token()
        # The first call notes that this origin passes the pin.
        finished(client.get(URL, auth=auth))
        ours = calls_of(lambda: finished(client.get(URL, auth=auth)))
        client.headers.update(STATIC)
        plain = calls_of(lambda: finished(client.get(URL)))
    finished(client.aclose())
    assert server.issued == 1
    assert ours - plain <= ALLOWED


def test_aiohttp() -> None:
    """A hot call of aiohttp, from the session to where it would send."""

    async def answer(request: aiohttp.ClientRequest, _: object) -> Any:
        assert request.headers["Authorization"] == "Bearer token-1"
        return SimpleNamespace(status=200, url=request.url, headers={}, connection=None, _raw_cookie_headers=())

    async def counted(middlewares: Any, headers: Any) -> int:
        async with aiohttp.ClientSession(headers=headers) as session:
            # Where there is a middleware, aiohttp makes two calls for each: ours stands before the one that answers.
            await session.get(URL, middlewares=middlewares)
            return calls_of(lambda: finished(session._request("GET", URL, middlewares=middlewares)))

    with TokenEndpoint() as server:
        source = TokenSource(server.grant(resource_server=ResourceServer(URL)))
        source.token()
        ours = asyncio.run(counted([AiohttpAuth(source), answer], None))
        plain = asyncio.run(counted([answer], STATIC))
    assert server.issued == 1
    assert ours - plain <= ALLOWED


def test_grpc() -> None:
    """A hot call of gRPC's plugin, against one that hands over the header."""
    said: list[Any] = []
    context = SimpleNamespace(service_url="https://api.example.com/acme.Api", method_name="Get")

    def plain(_: object, callback: Callable[[Any, Exception | None], None]) -> None:
        callback((("authorization", "Bearer token-1"),), None)

    with TokenEndpoint() as server:
        auth = GrpcAuth(server.grant(resource_server=ResourceServer(URL)))
        ours = calls_of(lambda: auth(context, lambda *told: said.append(told)))
        static = calls_of(lambda: plain(context, lambda *told: said.append(told)))
    assert server.issued == 1
    assert said == [((("authorization", "Bearer token-1"),), None)] * 4
    assert ours - static <= ALLOWED


@pytest.mark.parametrize("name", ["NiquestsAuth", "AsyncNiquestsAuth"])
def test_niquests(name: str) -> None:
    """A hot call of niquests, sync and async."""
    niquests: Any = pytest.importorskip("niquests", reason="`make test` installs it")
    is_async = name.startswith("Async")

    def send(_: object, request: Any, **__: object) -> Any:
        assert request.headers["Authorization"] == "Bearer token-1"
        response = niquests.Response()
        response.status_code, response.request, response.url = 200, request, URL
        response.raw, response._content = SimpleNamespace(), b""
        return response

    async def asend(adapter: object, request: Any, **how: object) -> Any:
        return send(adapter, request, **how)

    def bare(request: Any) -> Any:
        request.headers.update(STATIC)
        return request

    async def abare(request: Any) -> Any:
        return bare(request)

    base = niquests.adapters.AsyncBaseAdapter if is_async else niquests.adapters.BaseAdapter
    adapter = type("Adapter", (base,), {"send": asend if is_async else send, "close": lambda _: None})
    session = niquests.AsyncSession() if is_async else niquests.Session()
    session.mount("https://", adapter())

    def call(auth: Any) -> Any:
        answer = session.get(URL, auth=auth)
        return finished(answer) if is_async else answer

    with TokenEndpoint() as server:
        source = TokenSource(server.grant(resource_server=ResourceServer(URL)))
        source.token()
        auth = getattr(oauth_cc_auth, name)(source)
        call(auth)
        ours, plain = calls_of(lambda: call(auth)), calls_of(lambda: call(abare if is_async else bare))
    assert server.issued == 1
    assert ours - plain <= ALLOWED

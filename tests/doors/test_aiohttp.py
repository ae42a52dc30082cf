"""What only aiohttp has: middlewares of the user's own around ours, and redirects that are followed by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import aiohttp
import pytest
from doors import LoopbackServer, Reply, TokenEndpoint
from redis_server import free_port

from oauth_cc_auth import AiohttpAuth, ConfigurationError, OriginNotAllowed, StaticToken

Handler: TypeAlias = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]


def moved(server: LoopbackServer, user: str = "") -> Reply:
    """Redirect to a page of this server, named with this user and password."""
    there = server.origin.replace("://", f"://{user}")
    return Reply(302, (("Location", f"{there}/x"),))


async def get(url: str, *middlewares: aiohttp.ClientMiddlewareType, follow: bool = True) -> int:
    """Return the status that a session with these middlewares gets."""
    async with aiohttp.ClientSession(middlewares=middlewares) as s, s.get(url, allow_redirects=follow) as response:
        return response.status


@pytest.mark.parametrize("user", ["", "user:word@"])
def test_a_hop_to_another_origin_goes_without_the_token(user: str) -> None:
    """However a redirect spells the address: aiohttp takes user and password out before it goes there."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as foreign:
        api.answer = lambda _: moved(foreign, user)
        assert asyncio.run(get(f"{api.origin}/a", AiohttpAuth(server.grant()))) == 200
        assert [seen.token for seen in api.seen] == ["token-1"]
        assert ["token-1" in seen.headers.get("authorization", "") for seen in foreign.seen] == [False]


def test_a_trace_of_the_users_own_hides_no_redirect() -> None:
    """A session that traces its requests loses no token to a foreign origin, and is told of the redirect."""
    told: list[str] = []

    async def call(url: str, auth: AiohttpAuth) -> None:
        trace = aiohttp.TraceConfig()

        async def redirected(*_: object) -> None:
            told.append("redirected")

        trace.on_request_redirect.append(redirected)
        async with aiohttp.ClientSession(middlewares=[auth], trace_configs=[trace]) as s, s.get(url) as response:
            assert response.status == 200

    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as foreign:
        api.answer = lambda _: moved(foreign)
        asyncio.run(call(f"{api.origin}/a", AiohttpAuth(server.grant())))
        assert ["authorization" in seen.headers for seen in foreign.seen] == [False]
    assert told == ["redirected"]


def test_a_middleware_may_run_each_hop_in_a_task_of_its_own() -> None:
    """A hop to another origin goes without the token, also where a middleware around ours sends it in another task."""

    async def limited(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        async def send() -> aiohttp.ClientResponse:
            return await handler(request)

        return await asyncio.create_task(send())

    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as foreign:
        api.answer = lambda _: moved(foreign)
        assert asyncio.run(get(f"{api.origin}/a", limited, AiohttpAuth(server.grant()))) == 200
        assert [seen.token for seen in (*api.seen, *foreign.seen)] == ["token-1", None]


def test_a_middleware_may_send_requests_between_two_hops() -> None:
    """A hop to another origin goes without the token, also where a middleware has just sent a request of its own."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as foreign:
        auth = AiohttpAuth(server.grant())

        async def audited(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
            response = await handler(request)
            await get(f"{api.origin}/audit", auth)
            return response

        api.answer = lambda seen: Reply() if seen.path == "/audit" else moved(foreign)
        assert asyncio.run(get(f"{api.origin}/a", audited, auth)) == 200
        assert [seen.token for seen in api.seen] == ["token-1"] * 3
        assert [seen.token for seen in foreign.seen] == [None]


def test_a_redirect_that_is_not_followed_says_nothing_about_the_next_request() -> None:
    """Where the caller follows a redirect by hand, the request is the caller's own: with the token, or refused."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as other:
        api.answer = lambda _: moved(other)

        async def by_hand(auth: AiohttpAuth) -> None:
            assert await get(f"{api.origin}/a", auth, follow=False) == 302
            assert await get(f"{other.origin}/x", auth) == 200

        asyncio.run(by_hand(AiohttpAuth(server.grant())))
        assert [seen.token for seen in other.seen] == ["token-1"]
        with pytest.raises(OriginNotAllowed):
            asyncio.run(by_hand(AiohttpAuth(server.grant(api.origin))))
        assert len(other.seen) == 1


def test_what_is_not_called_as_a_middleware_is_refused() -> None:
    """A library that calls an auth object with its request alone is told which class it needs."""
    call: Callable[..., object] = AiohttpAuth(StaticToken("word"))
    with pytest.raises(ConfigurationError, match=r"middlewares=\[AiohttpAuth\(grant\)\]"):
        call("any request")


def test_a_request_that_cannot_be_sent_raises_what_aiohttp_raises() -> None:
    """An API that nobody answers for is aiohttp's own error, with the token at hand and without."""
    with TokenEndpoint() as server:
        auth = AiohttpAuth(server.grant())
        for _ in range(2):
            with pytest.raises(aiohttp.ClientConnectorError):
                asyncio.run(get(f"http://127.0.0.1:{free_port()}", auth))
        assert len(server.seen) == 1

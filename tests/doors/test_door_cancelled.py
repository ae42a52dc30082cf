"""Whoever stops waiting harms nobody: the token request goes on for the others (case 27)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import doors
import pytest
from doors import KINDS, AsyncHttpxDoor, Door, LoopbackServer, Reply, TokenEndpoint, only
from timing import HUNG, eventually

door = doors.door


class SlowEndpoint(TokenEndpoint):
    """A token endpoint that answers when it is released."""

    def __init__(self) -> None:
        """Hold every answer back."""
        super().__init__()
        self.release = threading.Event()
        self.answer = lambda seen: self.issue(seen) if self.release.wait(HUNG) else Reply(500)

    async def asked(self) -> None:
        """Wait until the token request has arrived."""
        await anyio.to_thread.run_sync(eventually, lambda: self.seen)


@pytest.fixture
def server() -> Iterator[SlowEndpoint]:
    """A slow token endpoint."""
    with SlowEndpoint() as running:
        yield running
        running.release.set()


@only(lambda kind: kind.loop is not None, KINDS)
def test_a_cancelled_task(door: AsyncHttpxDoor, server: SlowEndpoint) -> None:
    """Case 27: of tasks that wait for one token, one is cancelled; the others get it, and so does the next call."""
    with LoopbackServer() as api:
        auth = door.auth(server.grant(api.origin))

        async def main() -> list[int]:
            statuses: list[int] = []

            async def call() -> None:
                statuses.append((await door.client.get(f"{api.origin}/x", auth=auth)).status_code)

            async with anyio.create_task_group() as others:
                with anyio.CancelScope() as scope:
                    async with anyio.create_task_group() as cancelled:
                        cancelled.start_soon(call)
                        for _ in range(5):
                            others.start_soon(call)
                        await server.asked()
                        scope.cancel()
                server.release.set()
            await call()
            return statuses

        assert door.run(main) == [200] * 6
        assert (server.issued, len(server.seen)) == (1, 1)


@only(lambda kind: kind.loop is not None, KINDS)
def test_the_only_task_is_cancelled(door: AsyncHttpxDoor, server: SlowEndpoint) -> None:
    """Case 27: when the task that started a token request is cancelled, the next call uses that request."""
    with LoopbackServer() as api:
        auth = door.auth(server.grant(api.origin))

        async def main() -> int:
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(lambda: door.client.get(f"{api.origin}/x", auth=auth))
                    await server.asked()
                    scope.cancel()
            assert scope.cancelled_caught
            server.release.set()
            answer: Any = await door.client.get(f"{api.origin}/x", auth=auth)
            return int(answer.status_code)

        assert door.run(main) == 200
        assert (server.issued, len(server.seen), len(api.seen)) == (1, 1, 1)


@only(lambda kind: kind.loop == "asyncio", KINDS)
def test_a_task_that_times_out(door: AsyncHttpxDoor, server: SlowEndpoint) -> None:
    """Case 27: asyncio.wait_for and task.cancel() end the waiting, not the token request."""
    with LoopbackServer() as api:
        auth = door.auth(server.grant(api.origin))

        async def main() -> list[int]:
            url = f"{api.origin}/x"
            patient = [asyncio.create_task(door.client.get(url, auth=auth)) for _ in range(3)]
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(door.client.get(url, auth=auth), 0.05)
            patient[0].cancel()
            with pytest.raises(asyncio.CancelledError):
                await patient[0]
            server.release.set()
            answers = await asyncio.gather(*patient[1:], door.client.get(url, auth=auth))
            return [answer.status_code for answer in answers]

        assert door.run(main) == [200] * 3
        assert (server.issued, len(server.seen)) == (1, 1)


@only(lambda kind: kind.loop is not None, KINDS)
def test_the_event_loop_runs_meanwhile(door: AsyncHttpxDoor, server: SlowEndpoint) -> None:
    """A hundred tasks that wait for a token hold no thread each, and never block their event loop."""
    with LoopbackServer() as api:
        auth = door.auth(server.grant(api.origin))

        async def main() -> int:
            before = threading.active_count()
            async with anyio.create_task_group() as tasks:
                for _ in range(100):
                    tasks.start_soon(lambda: door.client.get(f"{api.origin}/x", auth=auth))
                await anyio.lowlevel.checkpoint()
                while not server.seen:
                    await anyio.lowlevel.checkpoint()
                waiting = threading.active_count() - before
                server.release.set()
            return waiting

        # The flight, the request that it sends, and the server's side of it.
        assert door.run(main) <= 4
        assert server.issued == 1


@only(lambda kind: kind.loop is not None, KINDS)
def test_a_loop_that_ends_while_it_waits(door: AsyncHttpxDoor, server: SlowEndpoint) -> None:
    """Case 27: an event loop that is gone when the token arrives is no error, and the token is there for others."""
    with LoopbackServer() as api:
        auth = door.auth(server.grant(api.origin))
        with doors.open_door(door.kind) as gone:
            assert isinstance(gone, AsyncHttpxDoor)

            async def main() -> None:
                with anyio.CancelScope() as scope:
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(lambda: gone.client.get(f"{api.origin}/x", auth=auth))
                        await server.asked()
                        scope.cancel()

            gone.run(main)
        server.release.set()
        assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
        assert (server.issued, len(server.seen)) == (1, 1)


def test_a_waiter_gives_up(door: Door, server: SlowEndpoint) -> None:
    """A token endpoint that never answers is a typed error after twice the timeout, not a call that hangs."""
    with LoopbackServer() as api:
        auth = door.auth(server.grant(api.origin), timeout=0.1)
        (outcome,) = door.call_many(1, "GET", f"{api.origin}/x", auth)
        assert isinstance(outcome, door.error)
        assert type(outcome).__name__ == "TokenEndpointUnavailable"
        assert api.seen == []

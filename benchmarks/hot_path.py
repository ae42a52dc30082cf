"""What a call costs with a fresh token in memory, over a null transport, against one with the same header of a client.

The header stands among the client's defaults, where it costs least: what a call is given itself is merged with them
each time. Both kinds of call alternate in small batches within one process: a machine that slows down slows both, and
what is printed is the median of the batches' ratios. requests and niquests are measured as they come and with
``trust_env=False``, because a call of theirs without `auth` looks for a netrc file and is the slower for it.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from benchmarks import wire
from benchmarks.child import in_child
from benchmarks.peers import BY_NAME, OTHERS, PEERS, Peer, opened
from benchmarks.server import Place

BATCHES, CALLS, WARM_UP = 600, 10, 40
HEADER = {"Authorization": f"Bearer {wire.TOKEN}"}

# A session of these looks at the environment in each call.
_ASKS_ENVIRONMENT = {"requests", "niquests"}
_CLIENTS = {"aiohttp": ("ClientSession", "ClientSession"), "httpx": ("Client", "AsyncClient")}
_CLIENTS |= {"httpx2": _CLIENTS["httpx"], "niquests": ("Session", "AsyncSession"), "requests": ("Session", "")}


def ratio(name: str, trust_env: bool) -> tuple[float, float]:  # noqa: FBT001 - it comes as JSON
    """Return the median ratio of a peer's call to a static header's, and the latter in microseconds."""
    peer = BY_NAME[name]
    wire.cut(peer.library)
    if not trust_env:
        _distrust(import_module(peer.library), _client(peer))
    return asyncio.run(_compare(peer, Place(*wire.NOWHERE)))


async def _compare(peer: Peer, place: Place) -> tuple[float, float]:
    call, static = await opened(peer, place), _static(peer, place)
    timed = _timed_async if peer.asynchronous else _timed
    ratios, base = [], []
    gc.collect()
    gc.disable()
    for batch in range(BATCHES + WARM_UP):
        first, second = (call, static) if batch % 2 else (static, call)
        times = {first: await timed(first), second: await timed(second)}
        ratios.append(times[call] / times[static])
        base.append(times[static] / CALLS * 1e6)
    return statistics.median(ratios[WARM_UP:]), statistics.median(base[WARM_UP:])


def _static(peer: Peer, place: Place) -> Callable[[], Any]:
    make: Any = getattr(import_module(peer.library), _client(peer))
    if peer.library in _ASKS_ENVIRONMENT:
        client = make()
        client.headers.update(HEADER)
    else:
        client = make(headers=HEADER)
    return lambda: client.get(place.api)


def _client(peer: Peer) -> str:
    return _CLIENTS[peer.library][peer.asynchronous]


async def _timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        response = call()
    seconds = time.perf_counter() - start
    _check(response)
    return seconds


async def _timed_async(call: Callable[[], Awaitable[Any]]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        response = await call()
    seconds = time.perf_counter() - start
    _check(response)
    return seconds


def _check(response: Any) -> None:
    asked = response.request_info if hasattr(response, "request_info") else response.request
    assert asked.headers["Authorization"] == HEADER["Authorization"]
    assert getattr(response, "status_code", None) or response.status == 200


def _distrust(library: Any, client: str) -> None:
    cls = getattr(library, client)
    made = cls.__init__

    def make(self: Any, **settings: Any) -> None:
        made(self, **settings)
        self.trust_env = False

    cls.__init__ = make  # for this process


def measure() -> dict[str, list[tuple[float, float]]]:
    """Measure every peer; where a session looks at the environment twice: as it comes, and with ``trust_env=False``."""
    return {
        peer.name: [
            in_child(ratio, peer.name, trust) for trust in (True, False)[: 1 + (peer.library in _ASKS_ENVIRONMENT)]
        ]
        for peer in (*PEERS, *OTHERS)
    }

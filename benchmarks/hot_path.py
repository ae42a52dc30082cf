"""What a call costs with a fresh token in memory, over a null transport, against the same call with a static header.

Both kinds of call alternate in small batches within one process: a machine that slows down slows both, and what is
printed is the median of the batches' ratios. requests is measured as it comes and with ``trust_env=False``, because a
requests call without `auth` looks for a netrc file and is the slower for it.
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
from benchmarks.peers import BY_NAME, PEERS, Peer, opened
from benchmarks.server import Place

BATCHES, CALLS, WARM_UP = 300, 20, 20
HEADER = {"Authorization": f"Bearer {wire.TOKEN}"}


def ratio(name: str, trust_env: bool) -> tuple[float, float]:  # noqa: FBT001 - it comes as JSON
    """Return the median ratio of a peer's call to a static header's, and the latter in microseconds."""
    wire.cut()
    if not trust_env:
        _distrust()
    return asyncio.run(_compare(BY_NAME[name], Place(*wire.NOWHERE)))


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
    library: Any = import_module(peer.library)
    client = library.Session() if peer.library == "requests" else getattr(library, _client(peer))()
    return lambda: client.get(place.api, headers=HEADER)


def _client(peer: Peer) -> str:
    return "AsyncClient" if peer.asynchronous else "Client"


async def _timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        response = call()
    seconds = time.perf_counter() - start
    assert response.status_code == 200
    assert response.request.headers["Authorization"] == HEADER["Authorization"]
    return seconds


async def _timed_async(call: Callable[[], Awaitable[Any]]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        response = await call()
    seconds = time.perf_counter() - start
    assert response.status_code == 200
    assert response.request.headers["Authorization"] == HEADER["Authorization"]
    return seconds


def _distrust() -> None:
    import requests

    made = requests.Session.__init__

    def make(self: requests.Session) -> None:
        made(self)
        self.trust_env = False

    requests.Session.__init__ = make  # type: ignore[method-assign]  # for this process


def measure() -> dict[str, list[tuple[float, float]]]:
    """Measure every peer; requests twice, as it comes and with ``trust_env=False``."""
    return {
        peer.name: [in_child(ratio, peer.name, trust) for trust in (True, False)[: 1 + (peer.library == "requests")]]
        for peer in PEERS
    }

"""The end of a token's life under steady traffic, and a token endpoint that is down meanwhile.

A life of an hour passes in 6 seconds: the clock of the measured process is moved on, all clocks of Python alike. The
token endpoint takes half a second, and the API takes a token half a second beyond its end, so that no margin is
punished for the fast clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import time_machine

from benchmarks.child import in_child
from benchmarks.herd import worked, worked_async
from benchmarks.peers import BY_NAME, PEERS, Call, Peer, blocking, opened
from benchmarks.server import LIFETIME, Knobs, Place

CALLERS = 8
DELAY = 0.5  # seconds that the token endpoint takes
_LIFE = 6.0  # seconds in which the hour passes
_PAUSE = 0.01  # seconds between two calls of a caller
_DURATION = 1.15 * _LIFE  # one rollover
_STEP = 5  # seconds of a token's life between two calls of the outage


def slowest(name: str, place: list[str]) -> dict[str, float]:
    """Return the slowest call at rollover in ms, how many waited, how many failed, and the token requests."""
    peer, where = BY_NAME[name], Place(*place)
    knobs = Knobs(where)
    knobs.reset()
    with time_machine.travel(datetime.now(timezone.utc), tick=True) as clock:
        seen: list[tuple[float, bool]] = []
        if peer.asynchronous:
            asyncio.run(_tasks(peer, where, knobs, clock, seen))
        else:
            call = peer.drive(where)
            _begin(knobs, worked(call))
            with _fast(clock):
                _threads(call, seen)
    return {
        "slowest": max(seconds for seconds, _ in seen) * 1000,
        "waited": sum(seconds > DELAY / 2 for seconds, _ in seen),
        "failed": sum(not well for _, well in seen),
        "requests": knobs.count(),
    }


def _begin(knobs: Knobs, well: bool) -> None:  # noqa: FBT001 - what the first call brought
    assert well
    knobs.set(delay=DELAY, alive=_LIFE + 0.5)
    knobs.count()


@contextlib.contextmanager
def _fast(clock: Any) -> Iterator[None]:
    over = threading.Event()

    def run() -> None:
        last = time.monotonic()
        while not over.wait(0.005):
            now = time.monotonic()
            clock.shift((now - last) * (LIFETIME / _LIFE - 1))
            last = now

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _threads(call: Call, seen: list[tuple[float, bool]]) -> None:
    end = time.monotonic() + _DURATION

    def calls() -> None:
        while (start := time.monotonic()) < end:
            well = worked(call)
            seen.append((time.monotonic() - start, well))
            time.sleep(_PAUSE)

    threads = [threading.Thread(target=calls) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def _tasks(peer: Peer, where: Place, knobs: Knobs, clock: Any, seen: list[tuple[float, bool]]) -> None:
    call = await opened(peer, where)
    _begin(knobs, await worked_async(call))
    end = time.monotonic() + _DURATION

    async def calls() -> None:
        while (start := time.monotonic()) < end:
            well = await worked_async(call)
            seen.append((time.monotonic() - start, well))
            await asyncio.sleep(_PAUSE)

    with _fast(clock):
        await asyncio.gather(*(calls() for _ in range(CALLERS)))


def outage(name: str, place: list[str]) -> dict[str, float]:
    """Return how many calls of the last fifth of a token's life fail while the token endpoint is down, since when."""
    where = Place(*place)
    knobs = Knobs(where)
    knobs.reset()
    with time_machine.travel(datetime.now(timezone.utc), tick=False) as clock:
        call = blocking(BY_NAME[name], where)
        assert worked(call)
        knobs.set(down=1)
        clock.shift(LIFETIME * 0.8)
        left = range(LIFETIME // 5, 0, -_STEP)
        failed = []
        for seconds in left:
            if not worked(call):
                failed.append(seconds)
            clock.shift(_STEP)
    return {"calls": len(left), "failed": len(failed), "since": max(failed, default=0)}


def measure_rollover(place: Place) -> dict[str, dict[str, float]]:
    """Measure the rollover of every peer."""
    return {peer.name: in_child(slowest, peer.name, place) for peer in PEERS}


def measure_outage(place: Place) -> dict[str, dict[str, float]]:
    """Measure the outage of every peer."""
    return {peer.name: in_child(outage, peer.name, place) for peer in PEERS}

"""Many callers at once: 64 threads, or 200 tasks, at cold start, when the token has expired, and when it was revoked.

Each phase starts all callers at one moment; each makes three calls in a row, so that a library may recover. The token
endpoint takes 50 ms. The token expires because the client's clock is moved an hour on, all clocks of Python alike.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import time_machine

from benchmarks.child import in_child
from benchmarks.peers import BY_NAME, PEERS, Call, Peer, opened
from benchmarks.server import LIFETIME, Knobs, Place

THREADS, TASKS, CALLS = 64, 200, 3
PHASES = ("cold start", "expired", "revoked")
_DELAY = 0.05


def phases(name: str, place: list[str]) -> dict[str, list[int]]:
    """Return, for each phase, the token requests and the failed calls."""
    peer, where = BY_NAME[name], Place(*place)
    knobs = Knobs(where)
    knobs.reset()
    knobs.set(delay=_DELAY)
    with time_machine.travel(datetime.now(timezone.utc), tick=True) as clock:
        if peer.asynchronous:
            return asyncio.run(_tasks(peer, where, knobs, clock))
        call = peer.drive(where)
        return {phase: [_threads(call), knobs.count()] for phase in _each(knobs, clock)}


def _each(knobs: Knobs, clock: Any) -> Iterator[str]:
    yield PHASES[0]
    clock.shift(LIFETIME + 1)
    knobs.revoke()
    yield PHASES[1]
    knobs.revoke()
    yield PHASES[2]


async def _tasks(peer: Peer, where: Place, knobs: Knobs, clock: Any) -> dict[str, list[int]]:
    call = await opened(peer, where)

    async def calls() -> int:
        return sum([not await worked_async(call) for _ in range(CALLS)])

    return {
        phase: [sum(await asyncio.gather(*(calls() for _ in range(TASKS)))), knobs.count()]
        for phase in _each(knobs, clock)
    }


def _threads(call: Call) -> int:
    start, failed = threading.Barrier(THREADS), list[bool]()

    def calls() -> None:
        start.wait()
        for _ in range(CALLS):
            failed.append(not worked(call))

    threads = [threading.Thread(target=calls) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(failed)


def worked(call: Call) -> bool:
    """Tell whether a call brought a 200; whatever it raises is a failure."""
    try:
        return bool(call().status_code == 200)
    except Exception:  # noqa: BLE001 - counted, whatever it is
        return False


async def worked_async(call: Call) -> bool:
    """Do the same for an asynchronous call."""
    try:
        return bool((await call()).status_code == 200)
    except Exception:  # noqa: BLE001 - counted, whatever it is
        return False


def measure(place: Place) -> dict[str, dict[str, list[int]]]:
    """Measure every peer."""
    return {peer.name: in_child(phases, peer.name, place) for peer in PEERS}

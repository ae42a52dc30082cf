"""What 10,000 grants weigh, each with its token, over a null transport.

Libraries that come as an `auth=` object share one session or client between all grants; the others are a session or an
application for each grant. Where 10,000 take longer than 6 seconds to make, as many as can be made in that time.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from pathlib import Path

from benchmarks import wire
from benchmarks.child import in_child
from benchmarks.peers import BY_NAME, PEERS, opened
from benchmarks.server import Place

GRANTS = 10_000
_SECONDS = 6.0


def weigh(name: str) -> tuple[int, float]:
    """Return the number of grants and the resident kilobytes that each added."""
    wire.cut(BY_NAME[name].library)
    return asyncio.run(_weigh(name))


async def _weigh(name: str) -> tuple[int, float]:
    peer, calls = BY_NAME[name], []
    for warm in range(100):
        calls.append(await opened(peer, Place(*wire.NOWHERE, f"warm-{warm}", f"warm-{warm}")))
        await _call(calls[-1], asynchronous=peer.asynchronous)
    gc.collect()
    before, number, end = _resident(), 0, time.monotonic() + _SECONDS
    while number < GRANTS and time.monotonic() < end:
        calls.append(await opened(peer, Place(*wire.NOWHERE, f"id-{number}", f"scope-{number}")))
        await _call(calls[-1], asynchronous=peer.asynchronous)
        number += 1
    gc.collect()
    return number, (_resident() - before) / number / 1000


async def _call(call: object, *, asynchronous: bool) -> None:
    response = call()  # type: ignore[operator]  # a driver's call
    assert (await response if asynchronous else response).status_code == 200


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure() -> dict[str, tuple[int, float]] | None:
    """Measure every peer, or nothing where the system does not tell what a process weighs."""
    if not Path("/proc/self/statm").exists():
        return None
    return {peer.name: in_child(weigh, peer.name) for peer in PEERS}

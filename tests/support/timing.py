"""How tests wait: for what has to come, however busy the machine is, and never for a time to pass."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Seconds after which a call, or a wait for something that has to come, has hung.
HUNG = 20.0

# How often a `WorkingClock` looks at the real one, and how much of a gap between two looks counts. In seconds.
_TICK, _MOST = 0.005, 0.02


def eventually(happened: Callable[[], object]) -> None:
    """Wait for what another thread is about to do; fail where it does not come."""
    give_up_at = time.monotonic() + HUNG
    while not happened():
        assert time.monotonic() < give_up_at, "it never happened"
        time.sleep(0.002)


class WorkingClock:
    """A clock that goes while this machine works: while it is held up, by others or altogether, hardly any time passes.

    For promises about lifetimes of seconds, which a machine that stands still for one of them would break.
    """

    def __init__(self) -> None:
        """Begin now; `running` lets it go."""
        self.now = time.time()

    def __call__(self) -> float:
        """Return the seconds since the epoch."""
        return self.now

    @contextmanager
    def running(self) -> Iterator[WorkingClock]:
        """Let time pass."""
        over = threading.Event()

        def tick() -> None:
            last = time.monotonic()
            while not over.wait(_TICK):
                looked_at = time.monotonic()
                self.now += min(looked_at - last, _MOST)
                last = looked_at

        thread = threading.Thread(target=tick, name="working-clock", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join(HUNG)

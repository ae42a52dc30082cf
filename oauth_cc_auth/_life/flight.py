"""One piece of slow work in the air, and the callers that wait for it.

A flight has one thread and one outcome. Threads wait at a gate of their own; asyncio and trio tasks are woken in their
own loop and hold no thread. A caller that is cancelled, interrupted or out of patience leaves, and the flight flies on
for the others; the interpreter's exit waits for those that bring something which is nowhere else.

There is no lock: a signal's handler may interrupt any step here and wait for the very same flight. So the work is taken
by the one thread that flies, the outcome is written before anybody is woken, and who waits looks at it after saying so.
"""

from __future__ import annotations

import sys
import time
from _thread import allocate_lock
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from threading import TIMEOUT_MAX
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from oauth_cc_auth._life import tracing
from oauth_cc_auth._raising import copy_of, scrubbed
from oauth_cc_auth._threads import after_fork_in_child, exiting, started, stood_still
from oauth_cc_auth.errors import TokenEndpointUnavailable

if TYPE_CHECKING:
    from types import ModuleType


T = TypeVar("T")

# Twice the patience of those who wait covers the second exchange after a rotated secret.
_LOST_AFTER = 2.0

_NO_THREAD = (
    "The token request needs a thread, and the system starts no more of them. Raise the system's limit (ulimit -u, "
    "pids.max) or end some threads, then call again."
)


class Flight(Generic[T]):
    """Work that runs once; its result, or a copy of its exception, goes to everybody who waits."""

    __slots__ = ("_landed", "_lost_at", "_must_land", "_patience", "_started", "_waiting", "_work", "callers")

    def __init__(self, work: Callable[[Flight[T]], T], patience: float, *, must_land: bool = False) -> None:
        """Prepare the work, which is given its flight; `patience` is how long its opener would wait, in seconds.

        The interpreter's exit does not cut off a flight that `must_land`.
        """
        self._work = [work]
        self._patience, self._must_land = patience, must_land
        self._lost_at = time.monotonic() + _LOST_AFTER * patience
        self._started = False
        self._landed: tuple[T | None, BaseException | None] | None = None
        # What stands for those who wait, for those who trace it.
        self.callers: list[tuple[tracing.Tracer, object]] = []
        self._waiting: deque[Callable[[], object]] = deque()

    def take_off(self) -> bool:
        """Start the work in a thread, unless that was done; return whether it flies, or has landed.

        Everybody who waits sees to it: the caller that opened the flight may have been interrupted before it could.
        """
        if not self._started and self._landed is None:
            if self._must_land:
                _must_land[id(self)] = self
            self._started = started(partial(copy_context().run, self._fly_alone), "oauth-cc-auth-flight")
        return self._started or self._landed is not None

    def lost(self) -> bool:
        """Tell whether it should have landed long ago: its thread died, or stood still, before it could say so."""
        return time.monotonic() > self._lost_at

    def _fly_alone(self) -> None:
        self._fly(mine=False)

    def _fly(self, *, mine: bool = True) -> None:
        try:
            work = self._work.pop()
        except IndexError:  # another thread flies it
            return
        try:
            outcome: tuple[T | None, BaseException | None] = (work(self), None)
        except BaseException as raised:  # noqa: BLE001 - it belongs to those who wait, whatever it is
            error: BaseException = scrubbed(raised)
            if not mine and not isinstance(raised, Exception):
                # What ends a thread, such as SystemExit, is not meant for those who wait for it.
                message = f"The token request's thread was ended by {type(raised).__name__}."
                ended = TokenEndpointUnavailable(message=message)
                ended.__cause__, error = error, ended
            outcome = (None, error)
        self._landed = outcome
        _must_land.pop(id(self), None)
        with suppress(IndexError):
            while True:
                self._waiting.popleft()()

    def wait(self, limit: float) -> T:
        """Return the result; block this thread for `limit` seconds at most, then raise TokenEndpointUnavailable."""
        self.callers += tracing.callers()
        if not self.take_off():
            self._fly()
        self._block(limit)
        return self._outcome(limit)

    def _block(self, limit: float) -> None:
        gate, seconds = allocate_lock(), min(max(limit, 0.0), TIMEOUT_MAX)
        gate.acquire()
        self._waiting.append(gate.release)
        if self._landed is None:
            began = time.monotonic()
            if not gate.acquire(timeout=seconds) and stood_still(began, seconds):
                gate.acquire(timeout=seconds)
        self._leave(gate.release)

    async def await_(self, limit: float) -> T:
        """Return the result; suspend this asyncio or trio task for `limit` seconds at most."""
        self.callers += tracing.callers()
        if not self.take_off():
            if not exiting():
                raise TokenEndpointUnavailable(message=_NO_THREAD)
            self._fly()
        if self._landed is None:
            trio = sys.modules.get("trio")
            wake, pause = _in_trio(trio) if trio is not None and _runs_this_task(trio) else _in_asyncio()
            self._waiting.append(wake)
            try:
                began = time.monotonic()
                if self._landed is None:
                    await pause(limit)
                if self._landed is None and stood_still(began, limit):
                    await pause(limit)
            finally:
                self._leave(wake)
        return self._outcome(limit)

    def _leave(self, wake: Callable[[], object]) -> None:
        with suppress(ValueError, IndexError):  # it was called, or others leave at the same moment: then it is called
            self._waiting.remove(wake)

    def _outcome(self, limit: float) -> T:
        if self._landed is None:
            message = (
                f"No token after {limit:g} s: the token request, or the store, is still busy. It goes on in the "
                "background; where it always takes so long, pass a longer timeout=."
            )
            raise TokenEndpointUnavailable(message=message)
        result, error = self._landed
        if error is not None:
            raise copy_of(error) from error.__cause__
        return result  # type: ignore[return-value]  # what the work returned


def _runs_this_task(trio: ModuleType) -> bool:
    # Installed is enough to be loaded, by httpcore, in whatever version; `in_trio_task` came with 0.29 only.
    try:
        trio.lowlevel.current_task()
    except (RuntimeError, AttributeError):  # no task of trio's, or another thread is still importing it
        return False
    return True


_Waiter = tuple[Callable[[], None], Callable[[float], Awaitable[None]]]


def _in_asyncio() -> _Waiter:
    import asyncio  # noqa: PLC0415 - 15 ms that a program without tasks does not pay; here it is loaded

    loop, landed = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # this loop is closed: its task was cancelled and nobody waits here any more
            loop.call_soon_threadsafe(landed.set)

    async def pause(seconds: float) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(landed.wait(), seconds)

    return wake, pause


def _in_trio(trio: ModuleType) -> _Waiter:
    loop, landed = trio.lowlevel.current_trio_token(), trio.Event()

    def wake() -> None:
        with suppress(trio.RunFinishedError):  # as above
            loop.run_sync_soon(landed.set)

    async def pause(seconds: float) -> None:
        with trio.move_on_after(max(seconds, 0.0)):
            await landed.wait()

    return wake, pause


# Flights that the interpreter's exit must not cut off.
_must_land: dict[int, Flight[Any]] = {}


def land_all() -> None:
    """Wait for the flights that must land; an impatient user ends the wait."""
    with suppress(KeyboardInterrupt):
        for flight in list(_must_land.values()):
            flight._block(flight._patience)  # noqa: SLF001 - this room's own


after_fork_in_child(_must_land.clear)  # the parent lands its own

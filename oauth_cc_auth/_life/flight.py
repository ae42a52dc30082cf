"""One piece of slow work in the air, and everybody who waits for it.

A flight has one thread and one future. Threads wait on the future; asyncio and trio tasks are woken in their own loop
and hold no thread. Whoever is cancelled, interrupted or out of patience leaves, and the flight flies on for the others;
the interpreter's exit waits for those that bring something which is nowhere else.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from oauth_cc_auth._raising import copy_of, scrubbed
from oauth_cc_auth._threads import after_fork_in_child, started
from oauth_cc_auth.errors import TokenEndpointUnavailable

if TYPE_CHECKING:
    from types import ModuleType


T = TypeVar("T")


# Twice the patience of those who wait covers the second exchange after a rotated secret.
_LOST_AFTER = 2.0


class Flight(Generic[T]):
    """Work that runs once; its result, or a copy of its exception, goes to everybody who waits."""

    __slots__ = ("_future", "_lost_at", "_patience", "_work")

    def __init__(self, work: Callable[[Flight[T]], T], patience: float) -> None:
        """Prepare the work, which is given its flight; `patience` is how long its opener would wait, in seconds."""
        self._work = work
        self._future: Future[T] = Future()
        self._patience = patience
        self._lost_at = time.monotonic() + _LOST_AFTER * patience

    def take_off(self, *, or_here: bool, must_land: bool = False) -> bool:
        """Start the work in a thread; return whether it runs, or ran.

        Where no thread can be started any more, because the interpreter is exiting, it runs here if `or_here` says so.
        The interpreter's exit does not cut off a flight that `must_land`.
        """
        if must_land:
            _must_land[id(self)] = self
            self._future.add_done_callback(lambda _: _must_land.pop(id(self), None))
        if started(self._fly_alone, "oauth-cc-auth-flight"):
            return True
        _must_land.pop(id(self), None)
        if or_here:
            self._fly()
        return or_here

    def lost(self) -> bool:
        """Tell whether it should have landed long ago: its thread must have died before it could say so."""
        return time.monotonic() > self._lost_at

    def _fly_alone(self) -> None:
        self._fly(mine=False)

    def _fly(self, *, mine: bool = True) -> None:
        try:
            result = self._work(self)
        except BaseException as error:  # noqa: BLE001 - it belongs to those who wait, whatever it is
            cause = scrubbed(error)
            if mine or isinstance(error, Exception):
                self._future.set_exception(cause)
            else:
                # What ends a thread, such as SystemExit, is not meant for those who wait for it.
                ended = TokenEndpointUnavailable(
                    message=f"The token request's thread was ended by {type(error).__name__}."
                )
                ended.__cause__ = cause
                self._future.set_exception(ended)
        else:
            self._future.set_result(result)

    def wait(self, limit: float) -> T:
        """Return the result; block this thread for `limit` seconds at most, then raise TokenEndpointUnavailable."""
        wait([self._future], limit)
        return self._outcome(limit)

    async def await_(self, limit: float) -> T:
        """Return the result; suspend this asyncio or trio task for `limit` seconds at most."""
        if not self._future.done():
            trio = sys.modules.get("trio")
            if trio is not None and _runs_this_task(trio):
                await _await_in_trio(trio, self._future, limit)
            else:
                await _await_in_asyncio(self._future, limit)
        return self._outcome(limit)

    def _outcome(self, limit: float) -> T:
        if not self._future.done():
            message = f"No token after {limit:g} s: the token request, or the store, is still busy."
            raise TokenEndpointUnavailable(message=message)
        error = self._future.exception()
        if error is not None:
            raise copy_of(error) from error.__cause__
        return self._future.result()


def _runs_this_task(trio: ModuleType) -> bool:
    # Installed is enough to be loaded, by httpcore, in whatever version; `in_trio_task` came with 0.29 only.
    try:
        trio.lowlevel.current_task()
    except (RuntimeError, AttributeError):  # no task of trio's, or another thread is still importing it
        return False
    return True


async def _await_in_asyncio(future: Future[T], limit: float) -> None:
    import asyncio  # noqa: PLC0415 - 15 ms that a program without tasks does not pay; here it is loaded

    loop, landed = asyncio.get_running_loop(), asyncio.Event()

    def wake(_: Future[T]) -> None:
        with suppress(RuntimeError):  # this loop is closed: its task was cancelled and nobody waits here any more
            loop.call_soon_threadsafe(landed.set)

    future.add_done_callback(wake)
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(landed.wait(), limit)


async def _await_in_trio(trio: ModuleType, future: Future[T], limit: float) -> None:
    loop, landed = trio.lowlevel.current_trio_token(), trio.Event()

    def wake(_: Future[T]) -> None:
        with suppress(trio.RunFinishedError):  # as above
            loop.run_sync_soon(landed.set)

    future.add_done_callback(wake)
    with trio.move_on_after(limit):
        await landed.wait()


# Flights that the interpreter's exit must not cut off.
_must_land: dict[int, Flight[Any]] = {}


def land_all() -> None:
    """Wait for the flights that must land; an impatient user ends the wait."""
    with suppress(KeyboardInterrupt):
        for flight in list(_must_land.values()):
            wait([flight._future], flight._patience)  # noqa: SLF001 - this room's own


after_fork_in_child(_must_land.clear)  # the parent lands its own

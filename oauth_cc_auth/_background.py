"""Short-lived daemon threads: what may hang runs in one, so that whoever waits can stop waiting."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def started(work: Callable[[], None], name: str) -> bool:
    """Start the work in a daemon thread; return False where the interpreter starts none any more (it is exiting)."""
    try:
        Thread(target=work, name=name, daemon=True).start()
    except RuntimeError:
        return False
    return True


def within(seconds: float, work: Callable[[], T], name: str) -> T:
    """Return the work's result, or raise TimeoutError and leave it behind.

    A library's timeout bounds each read, and none bounds the lookup of a host's name or an answer that drips.
    """
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed on to whoever waits
            result.set_exception(error)

    if not started(run, name):
        return work()
    try:
        return result.result(seconds)
    except FutureTimeoutError as error:  # another class than TimeoutError before Python 3.11
        raise TimeoutError from error

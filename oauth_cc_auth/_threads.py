"""Short-lived daemon threads for work that may hang, so that a caller can stop waiting for it.

And what such threads need from a process that forks: a module that one of them is importing at that moment would stay
half imported in the child for good.
"""

from __future__ import annotations

import os
import sys
import time
from _thread import allocate_lock
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from functools import partial
from threading import RLock, Thread, main_thread
from typing import TypeVar

T = TypeVar("T")

# A fork waits this long for an import to end. It takes a tenth of a second; only who forks while importing the very
# module that the thread waits for gets to the end of it.
_FORK_PATIENCE = 5.0

_importing = RLock()


def started(work: Callable[[], None], name: str) -> bool:
    """Start the work in a daemon thread; return False where the interpreter starts none any more (it is exiting)."""
    # Before Python 3.12 a thread that is started so late never runs, and whoever starts it waits for it for ever.
    if sys.is_finalizing():
        return False
    try:
        Thread(target=work, name=name, daemon=True).start()
    except RuntimeError:
        return False
    return True


def after_fork_in_child(work: Callable[[], None]) -> None:
    """Call this in each child that is forked, where there is fork."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=work)


def exiting() -> bool:
    """Tell whether the interpreter is on its way out: it starts no thread any more, whatever the system allows."""
    return sys.is_finalizing() or not main_thread().is_alive()


def stood_still(began: float, seconds: float) -> bool:
    """Tell whether something that began then took far longer than so many seconds.

    Then the process was stopped, or its machine slept, and what it waited for had no time at all.
    """
    return time.monotonic() - began > 1.1 * seconds + 1.0


def within(seconds: float, work: Callable[[], T], name: str) -> T:
    """Return the work's result, or raise TimeoutError and leave it behind.

    A library's timeout bounds each read, and none bounds the lookup of a host's name or an answer that drips.
    """
    ended = allocate_lock()
    ended.acquire()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - handed on to the caller
            errors.append(error)
        ended.release()

    if not started(partial(copy_context().run, run), name):
        return work()
    began = time.monotonic()
    # If everything stood still, the answer may be there by now.
    if not ended.acquire(timeout=seconds) and not (stood_still(began, seconds) and ended.acquire(timeout=seconds)):
        raise TimeoutError
    if errors:
        raise errors.pop()
    return results.pop()


@contextmanager
def unforked() -> Iterator[None]:
    """Import in here: no fork happens meanwhile."""
    with _importing:
        yield


def _before_fork() -> None:
    _importing.acquire(timeout=_FORK_PATIENCE)


def _after_fork_in_parent() -> None:
    with suppress(RuntimeError):  # it was not acquired in time
        _importing.release()


def _after_fork_in_child() -> None:
    global _importing  # noqa: PLW0603 - the module's one lock
    _importing = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)

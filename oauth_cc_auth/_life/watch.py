"""How a store of a user's own, which has the four methods alone, is watched while its lock is waited for.

The lock is waited for, and held, in a thread of its own, in which everything that needs it is done: a lock may belong
to its thread. Meanwhile this thread looks now and then whether the token is there. Then nobody waits for the lock any
more, and the thread that gets it at last gives it back at once.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Event, Lock
from typing import TYPE_CHECKING, Protocol

from oauth_cc_auth._threads import started
from oauth_cc_auth._token import Token

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


# Seconds between two looks: soon after a renewal of 50 ms, and then four times a second.
_FIRST_LOOK, _LAST_LOOK = 0.02, 0.25

# A lock that gives up so late has another holder, which is alive. How many others wait is not known here: the share of
# those that go on without it doubles with each second, and after these seconds all do.
_HELD_FROM, _SPREAD_SECONDS = 2.0, 6.0


class Watched(Protocol):
    """What is watched: one key of a store."""

    def load(self) -> Token | None:
        """Return the token that is there."""

    def locked(self) -> AbstractContextManager[bool]:
        """Hold the lock, if the store gives it; the value tells whether it did."""


def token_or_work(
    store: Watched, usable: Callable[[Token], bool], taken: Callable[[Token], Token], work: Callable[[], Token]
) -> Token:
    """Return what `taken` makes of a usable token, as soon as there is one; else what `work` returns."""

    def found() -> Token | None:
        stored = store.load()
        return stored if stored is not None and usable(stored) else None

    if (token := found()) is not None:
        return taken(token)
    turn = _Turn(store, work)
    if not started(turn.run, "oauth-cc-auth-lock"):
        turn.run()
    pause = _FIRST_LOOK
    while not turn.comes(random.uniform(pause / 2, pause)):  # noqa: S311 - spreads load, keeps no secret
        if (token := found()) is not None and turn.leave():
            return taken(token)
        pause = min(pause * 1.5, _LAST_LOOK)
    return turn.result.result()


class _Turn:
    """The thread that waits for the lock, and does the work."""

    def __init__(self, store: Watched, work: Callable[[], Token]) -> None:
        self._store, self._work = store, work
        self._guard, self._left, self._came = Lock(), Event(), False
        self.result: Future[Token] = Future()

    def run(self) -> None:
        try:
            began = time.monotonic()
            with self._store.locked() as held:
                if not held and time.monotonic() - began > _HELD_FROM:
                    share = 1 - random.random()  # noqa: S311 - as above
                    self._left.wait(max(_SPREAD_SECONDS + math.log2(share), 0.0))
                with self._guard:
                    self._came = not self._left.is_set()
                token = self._work() if self._came else None
        except BaseException as error:  # noqa: BLE001 - it belongs to those who wait
            self.result.set_exception(error)
        else:
            if token is not None:
                self.result.set_result(token)

    def comes(self, seconds: float) -> bool:
        """Wait for so long; return whether the work is done, or being done."""
        wait([self.result], seconds)
        return self.result.done() or self._came

    def leave(self) -> bool:
        """Wait no more, unless it is too late for that."""
        with self._guard:
            if not self._came:
                self._left.set()
            return not self._came

"""How a renewal waits for a store's lock: it watches for the token of the holder, and tries the lock now and then.

The rules. Look first: most of those who want to renew find a token, and need no lock. While another holds the lock,
look again whenever the store says that something was saved, and try the lock now and then, because its holder may fail
or die. When the wait is over and the holder is still alive, the share of those that go on without the lock grows
slowly: one at once, twice as many with each second. The first of them brings a token for all.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from oauth_cc_auth._token import Token

Usable: TypeAlias = "Callable[[Token], bool]"

Release: TypeAlias = "Callable[[], object]"

# Just above the 20 s that a renewal takes at most: a process that holds the lock for longer is stuck. A caller waits
# 30 s, so 9 are left to request a token without the lock.
LOCK_SECONDS = 21.0


class Pauses(NamedTuple):
    """Seconds between two tries of the lock: half to all of `first`, growing by half each time up to `last`."""

    first: float
    last: float


def token_or_lock(
    *,
    look: Callable[[], Token | None],
    take: Callable[[], Token | Release | None],
    wait: Callable[[float], bool],
    overdue: Callable[[], int],
    patience: float,
    pauses: Pauses,
    now: Callable[[], float] = time.monotonic,
) -> Token | Release:
    """Return a usable token as soon as there is one, else what releases the lock.

    `look` returns a usable token. `take` tries the lock, and returns what releases it; None where another holds it, or
    a usable token that it met on its way. `wait` lasts for so many seconds at most, and returns True if something was
    saved meanwhile. `overdue` counts those whose `patience`, in seconds, is over: it returns 1 for the first of them.
    Raises TimeoutError where it is time to go on without the lock.
    """
    if (token := look()) is not None:
        return token
    end, turn, pause = now() + patience, None, pauses.first
    while (found := take()) is None:
        if turn is None and now() >= end:
            place = max(overdue(), 1)
            turn = end + math.log2(place)
        if turn is not None and now() >= turn:
            raise TimeoutError(f"another renewal holds this key's lock for more than {patience:g} s")
        until = min(now() + random.uniform(pause / 2, pause), turn or end)  # noqa: S311 - spreads load, keeps no secret
        while (left := until - now()) > 0:
            if wait(left) and (token := look()) is not None:
                return token
        pause = min(pause * 1.5, pauses.last)
    return found

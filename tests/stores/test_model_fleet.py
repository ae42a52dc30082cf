"""Ten thousand workers in a model: the real renewal, over a store with round trips of 1 ms and a clock of its own.

Each worker is a greenlet. What takes time switches to the world, which moves its clock to what happens next. Nothing
but the store's round trips and the token request is pretended.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]  # it has none
from loopback import grant_for

from oauth_cc_auth import Token
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._life.renewal import Renewal
from oauth_cc_auth.stores._line import Usable, token_or_lock
from oauth_cc_auth.stores._redis_place import LISTENING

# Seconds: a round trip, what a server with one thread needs for a command, a message to those who listen, a request.
TRIP, COMMAND, MESSAGE, REQUEST = 0.001, 0.00001, 0.0005, 0.5

LIFE = 3600.0


class World:
    """Time, and what happens at which."""

    def __init__(self) -> None:
        """Begin at a time that a token endpoint could say."""
        self.now, self._served_until = 1_000_000.0, 0.0
        self._next: list[tuple[float, int, greenlet, list[bool]]] = []
        self._numbers = itertools.count()
        self.hub = getcurrent()

    def clock(self) -> float:
        """Return the time."""
        return self.now

    def at(self, when: float, worker: greenlet, woken: list[bool] | None = None) -> None:
        """Let a worker go on then, unless it has been woken before."""
        heapq.heappush(self._next, (when, next(self._numbers), worker, [] if woken is None else woken))

    def sleep(self, seconds: float) -> None:
        """Let this worker sleep."""
        self.at(self.now + seconds, getcurrent())
        self.hub.switch()

    def trip(self) -> None:
        """Let this worker talk to the store, which answers one command after the other."""
        self._served_until = max(self._served_until, self.now + TRIP / 2) + COMMAND
        self.sleep(self._served_until + TRIP / 2 - self.now)

    def run(self) -> None:
        """Let everything happen."""
        while self._next:
            when, _, worker, woken = heapq.heappop(self._next)
            if woken == [True]:
                continue
            woken.append(True)
            self.now = max(self.now, when)
            worker.switch()


class Store:
    """A store with one key, as Redis is one: trips, a lock, and messages to those who listen."""

    def __init__(self, world: World) -> None:
        """Begin empty."""
        self.world, self.locked = world, False
        self.token: Token | None = None
        self.listening: list[tuple[greenlet, list[bool], list[bool]]] = []
        self.trips = 0

    def load(self, key: str) -> Token | None:
        """Load."""
        self._trip()
        return self.token

    def save(self, key: str, token: Token) -> None:
        """Save, and tell those who listen."""
        self._trip()
        self.token = token
        for worker, woken, heard in self.listening:
            heard.append(True)
            self.world.at(self.world.now + MESSAGE, worker, woken)
        self.listening.clear()

    def discard(self, key: str, token: Token) -> None:
        """Discard."""
        self._trip()
        self.token = None

    def lock(self, key: str) -> Any:
        """Refuse: there is a better way."""
        raise AssertionError

    @contextmanager
    def load_or_lock(self, key: str, usable: Usable) -> Iterator[Token | None]:
        """Stand in the line."""

        def look() -> Token | None:
            token = self.load(key)
            return token if token is not None and usable(token) else None

        def take() -> Token | Callable[[], object] | None:
            self._trip()
            if not self.locked:
                self.locked = True
                return release
            return self.token if self.token is not None and usable(self.token) else None

        def release() -> None:
            self._trip()
            self.locked = False

        found = token_or_lock(
            look=look,
            take=take,
            wait=self._wait,
            overdue=lambda: 1,
            patience=21.0,
            pauses=LISTENING,
            now=self.world.clock,
        )
        if isinstance(found, Token):
            yield found
            return
        try:
            yield None
        finally:
            found()

    def _wait(self, seconds: float) -> bool:
        woken: list[bool] = []
        heard: list[bool] = []
        self.listening.append((getcurrent(), woken, heard))
        self.world.at(self.world.now + seconds, getcurrent(), woken)
        self.world.hub.switch()
        return bool(heard)

    def _trip(self) -> None:
        self.trips += 1
        self.world.trip()


class Asking(Exchange):
    """An exchange that takes half a second of the world's time."""

    __slots__ = ("made", "world")
    made: list[float]
    world: World

    def fetch(self, previous: Token | None, *_: object, **__: object) -> Token:
        """Return the next token."""
        self.world.sleep(REQUEST)
        self.made.append(self.world.now)
        return Token(f"token {len(self.made)}", obtained_at=self.world.now, expires_at=self.world.now + LIFE)


class Crowd:
    """So many workers, each with a live token of its own."""

    def __init__(self, size: int) -> None:
        """Begin with empty hands."""
        self.world = World()
        self.store, self.made = Store(self.world), list[float]()
        self.lives = [LiveToken() for _ in range(size)]
        self._exchange = Asking(grant_for(), lambda *_: pytest.fail("nothing is sent"), 10.0, self.world.clock)
        self._exchange.world, self._exchange.made = self.world, self.made

    def go(self, spread: float) -> list[float]:
        """Let all renew within so many seconds; return when each had its token."""
        had: list[float] = []

        def work(live: LiveToken) -> None:
            token = Renewal(live, self._exchange, self.store).run()
            live.adopt(token, self.world.now)
            had.append(self.world.now)

        for number, live in enumerate(self.lives):
            worker = greenlet(lambda live=live: work(live), self.world.hub)
            self.world.at(self.world.now + spread * number / len(self.lives), worker)
        self.world.run()
        assert len(had) == len(self.lives)
        return sorted(had)


@pytest.mark.parametrize("size", [500, pytest.param(10_000, marks=pytest.mark.endurance)])
def test_ten_thousand_workers(size: int) -> None:
    """Cold, after the token's end and after a refusal by all: one token request, and the last within 1 s of the first.

    A background renewal, spread over the window, costs one look for all but one.
    """
    crowd = Crowd(size)
    for number, how in enumerate(("cold", "expired", "refused")):
        if how == "expired":
            crowd.world.now += LIFE
        if how == "refused":
            for live in crowd.lives:
                live.forget(live.window.token)
        before = crowd.store.trips
        had = crowd.go(spread=0.0)
        assert len(crowd.made) == number + 1
        assert had[-1] - had[0] < 1.0
        assert crowd.store.trips - before <= 4 * size
    before = crowd.store.trips
    crowd.world.now += 0.8 * LIFE
    crowd.go(spread=0.02 * LIFE)
    assert len(crowd.made) == 4
    assert crowd.store.trips - before <= 1.05 * size, "but for those that come while the one is renewing"


def test_a_late_worker_makes_no_second_renewal() -> None:
    """One that comes with the refused token, after it was replaced, takes what replaced it."""
    crowd = Crowd(3)
    crowd.go(spread=0.0)
    first = crowd.lives[0].window.token
    crowd.lives, late = crowd.lives[:2], crowd.lives[2:]
    for live in crowd.lives:
        live.forget(first)
    crowd.go(spread=0.0)
    crowd.world.now += 100
    crowd.lives = late
    late[0].forget(first)
    before = crowd.store.trips
    crowd.go(spread=0.0)
    assert len(crowd.made) == 2
    assert crowd.store.trips == before + 1

"""A fleet of workers: threads of a few processes, each with a source, a live token and a store of its own."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from typing import Any, NamedTuple

from oauth_cc_auth import ClientCredentials, FileStore, RedisStore, TokenSource
from oauth_cc_auth.errors import OAuthError

# Seconds after which a worker, or a step of its work, has hung.
HUNG = 90.0

_spawn = multiprocessing.get_context("spawn")


class Step(NamedTuple):
    """What the workers of one process tell of one step."""

    # When each worker had its token, by the clock that all processes of a machine share.
    at: list[float]
    tokens: list[str]
    failures: list[str]


class SharedClock:
    """The time in all processes, which the test can move forward."""

    def __init__(self, ahead: Any) -> None:
        """Be this far ahead of the time; `ahead` is a value that processes share."""
        self.ahead = ahead

    def __call__(self) -> float:
        """Return the time."""
        return time.time() + float(self.ahead.value)


class Fleet:
    """So many workers, which ask for a token at each step, or refuse the one that they have and ask for another."""

    def __init__(self, steps: Any, results: Any, orders: Any, ahead: Any, processes: int) -> None:
        """Be what `fleet` starts."""
        self._steps, self._results, self._orders, self._processes = steps, results, orders, processes
        self.ahead = ahead

    def go(self, *, refused: bool = False) -> Step:
        """Let all workers ask at once; return what all of them tell."""
        for _ in range(self._processes):
            self._orders.put(refused)
        self._steps.wait(HUNG)
        told = [self._results.get(timeout=HUNG) for _ in range(self._processes)]
        return Step(*(sum((getattr(step, name) for step in told), []) for name in Step._fields))


@contextmanager
def fleet(
    processes: int, threads: int, grant: ClientCredentials, store: Callable[[], Any], steps: int
) -> Iterator[Fleet]:
    """Start the workers, and see them end well after so many steps."""
    barrier, results, orders = _spawn.Barrier(processes + 1), _spawn.Queue(), _spawn.Queue()
    ahead = _spawn.Value("d", 0.0)
    arguments = (threads, grant, store, steps, SharedClock(ahead), barrier, results, orders)
    children: list[SpawnProcess] = [_spawn.Process(target=_work, args=arguments, daemon=True) for _ in range(processes)]
    for child in children:
        child.start()
    try:
        yield Fleet(barrier, results, orders, ahead, processes)
        for child in children:
            child.join(HUNG)
        assert [child.exitcode for child in children] == [0] * processes
    finally:
        for child in children:
            child.kill()


class RedisAt:
    """Makes a RedisStore; pickles as its URL."""

    def __init__(self, url: str) -> None:
        """Be at this URL."""
        self.url = url

    def __call__(self) -> RedisStore:
        """Make one."""
        return RedisStore(self.url)


class FilesAt:
    """Makes a FileStore; pickles as its path."""

    def __init__(self, path: str) -> None:
        """Be at this path."""
        self.path = path

    def __call__(self) -> FileStore:
        """Make one."""
        return FileStore(self.path)


def _work(
    threads: int,
    grant: ClientCredentials,
    store: Callable[[], Any],
    steps: int,
    clock: SharedClock,
    barrier: Any,
    results: Any,
    orders: Any,
) -> None:
    """Be one process of the fleet."""
    for room in ("_authorization_server.exchange", "_life.renewal", "_http.sender", "_http.by_requests"):
        __import__(f"oauth_cc_auth.{room}")
    # A store of its own makes a live token of its own: what one worker has, the next does not find in memory.
    sources = [TokenSource(grant, store=store(), clock=clock) for _ in range(threads)]
    for _ in range(steps):
        refused = orders.get(timeout=HUNG)
        told = Step([], [], [])
        workers = [threading.Thread(target=_ask, args=(source, refused, told), daemon=True) for source in sources]
        barrier.wait(HUNG)
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(HUNG)
        results.put(told)


def _ask(source: TokenSource, refused: bool, told: Step) -> None:
    try:
        if refused:
            source.reject(source.token())
        token = source.token().access_token
    except OAuthError as error:
        told.failures.append(repr(error))
    else:
        told.at.append(time.monotonic())
        told.tokens.append(token)

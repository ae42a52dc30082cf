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

# Seconds after which a worker, or a step of its work, has hung: two cores need minutes to start a hundred processes.
HUNG = 300.0

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


class _Lines(NamedTuple):
    """How a test and the processes of its fleet talk."""

    barrier: Any
    results: Any
    orders: Any
    steps: int


class Fleet:
    """So many workers, which ask for a token at each step, or refuse the one that they have and ask for another."""

    def __init__(self, lines: _Lines, ahead: Any, processes: int) -> None:
        """Be what `fleet` starts; `ahead` moves its clock."""
        self._lines, self._processes, self.ahead = lines, processes, ahead

    def go(self, *, refused: bool = False) -> Step:
        """Let all workers ask at once; return what all of them tell."""
        self.start(refused=refused)
        return self.told()

    def start(self, *, refused: bool = False) -> None:
        """Let all workers ask at once."""
        for _ in range(self._processes):
            self._lines.orders.put(refused)
        self._lines.barrier.wait(HUNG)

    def told(self) -> Step:
        """Return what all workers tell."""
        told = [self._lines.results.get(timeout=HUNG) for _ in range(self._processes)]
        return Step(*([one for step in told for one in step[field]] for field in range(len(Step._fields))))


@contextmanager
def fleet(
    processes: int, threads: int, grant: ClientCredentials, store: Callable[[], Any], steps: int
) -> Iterator[Fleet]:
    """Start the workers, and see them end well after so many steps."""
    lines = _Lines(_spawn.Barrier(processes + 1), _spawn.Queue(), _spawn.Queue(), steps)
    ahead = _spawn.Value("d", 0.0)
    arguments = (threads, grant, store, SharedClock(ahead), lines)
    children: list[SpawnProcess] = [_spawn.Process(target=_work, args=arguments, daemon=True) for _ in range(processes)]
    for child in children:
        child.start()
    try:
        yield Fleet(lines, ahead, processes)
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


def _work(threads: int, grant: ClientCredentials, store: Callable[[], Any], clock: SharedClock, lines: _Lines) -> None:
    """Be one process of the fleet."""
    for room in ("_authorization_server.exchange", "_life.renewal", "_http.sender", "_http.by_requests"):
        __import__(f"oauth_cc_auth.{room}")
    # A store of its own makes a live token of its own: what one worker has, the next does not find in memory.
    sources = [TokenSource(grant, store=store(), clock=clock) for _ in range(threads)]
    for _ in range(lines.steps):
        refused = lines.orders.get(timeout=HUNG)
        told = Step([], [], [])
        workers = [threading.Thread(target=_ask, args=(source, refused, told), daemon=True) for source in sources]
        lines.barrier.wait(HUNG)
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(HUNG)
        lines.results.put(told)


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

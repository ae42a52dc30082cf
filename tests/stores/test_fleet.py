"""Many threads and processes against one authorization server, which counts: the promises that need a crowd."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from typing import Any

import pytest
import requests
from redis_server import RedisServer, own_redis, redis_server, shared_redis, start_redis
from timing import WorkingClock

from oauth_cc_auth import ClientCredentials, RedisStore, RequestsAuth, ResourceServer, TokenSource
from oauth_cc_auth._life.flight import Flight
from oauth_cc_auth.sandbox import Sandbox
from oauth_cc_auth.stores import _redis_link

__all__ = ["own_redis", "redis_server", "shared_redis", "start_redis"]

API = "https://api.example.com/v1"
PROCESSES, THREADS = 8, 16

# Seconds after which a process, or a step of its work, has hung.
HUNG = 40.0

_spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox."""
    with Sandbox() as running:
        yield running


def grant_at(sandbox: Sandbox) -> ClientCredentials:
    """Return a grant that the sandbox knows."""
    return sandbox.grant(
        ClientCredentials(
            token_endpoint="https://as.example.com/token",
            client_id="fleet",
            client_secret="canary-fleet-secret",
            resource_server=ResourceServer(API),
        )
    )


class SharedClock:
    """The time in all processes, which the test can move forward."""

    def __init__(self, ahead: Any) -> None:
        """Be this far ahead of the time; `ahead` is a value that processes share."""
        self.ahead = ahead

    def __call__(self) -> float:
        """Return the time."""
        return time.time() + float(self.ahead.value)


@contextmanager
def fleet(size: int, target: Callable[..., None], *args: object) -> Iterator[None]:
    """Run the target in so many fresh processes, and see them end well."""
    processes: list[SpawnProcess] = [_spawn.Process(target=target, args=args, daemon=True) for _ in range(size)]
    for process in processes:
        process.start()
    try:
        yield
        for process in processes:
            process.join(HUNG)
        assert [process.exitcode for process in processes] == [0] * size
    finally:
        for process in processes:
            process.kill()


def in_threads(count: int, work: Callable[[], None]) -> None:
    """Run the work in so many threads at once."""
    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HUNG)


def call_in_steps(grant: ClientCredentials, url: str, clock: SharedClock, step: Any, results: Any) -> None:
    """Be one process of the fleet: at each of three steps, 16 threads call at once."""
    auth = RequestsAuth(TokenSource(grant, store=RedisStore(url), clock=clock))
    address = str(grant.resource_server and grant.resource_server.base_url)
    statuses: list[object] = []

    def call() -> None:
        try:
            with requests.Session() as session:
                statuses.append(session.get(address, auth=auth, timeout=HUNG).status_code)
        except Exception as error:  # noqa: BLE001 - told to the test
            statuses.append(repr(error))

    for _ in range(3):
        step.wait(HUNG)
        in_threads(THREADS, call)
        results.put(statuses.copy())
        statuses.clear()


@pytest.mark.endurance
def test_one_token_request_for_a_fleet(sandbox: Sandbox, redis_server: RedisServer) -> None:
    """Processes of 16 threads on one RedisStore: one token request cold, one at expiry, one after a revocation."""
    clock = SharedClock(_spawn.Value("d", 0.0))
    step, results = _spawn.Barrier(PROCESSES + 1), _spawn.Queue()
    sandbox.lifetime, sandbox.delay = 600.0, 0.2

    def go() -> list[object]:
        step.wait(HUNG)
        return [status for _ in range(PROCESSES) for status in results.get(timeout=HUNG)]

    with fleet(PROCESSES, call_in_steps, grant_at(sandbox), redis_server.url, clock, step, results):
        assert go() == [200] * PROCESSES * THREADS
        assert sandbox.token_requests == 1
        clock.ahead.value = 600.0
        assert go() == [200] * PROCESSES * THREADS
        assert sandbox.token_requests == 2
        sandbox.revoke_all()
        assert go() == [200] * PROCESSES * THREADS
        assert sandbox.token_requests == 3


def call_for_a_while(grant: ClientCredentials, url: str, ready: Any, over: Any, results: Any) -> None:
    """Be one process of a load: 4 threads call, one call after the other, until it is over."""
    _redis_link.PAUSE_SECONDS = 1.0
    auth = RequestsAuth(TokenSource(grant, store=RedisStore(url)))
    address = str(grant.resource_server and grant.resource_server.base_url)
    failures: list[str] = []
    seconds: list[float] = []

    def call() -> None:
        with requests.Session() as session:
            while not over.is_set():
                began_at = time.monotonic()
                try:
                    session.get(address, auth=auth, timeout=HUNG).raise_for_status()
                except Exception as error:  # noqa: BLE001 - told to the test
                    failures.append(repr(error))
                seconds.append(time.monotonic() - began_at)
                time.sleep(0.05)

    ready.wait(HUNG)
    in_threads(4, call)
    results.put((failures, len(seconds), max(seconds)))


@pytest.mark.endurance
def test_redis_dies_under_load(sandbox: Sandbox, own_redis: RedisServer) -> None:
    """Redis killed and restarted under a load of 8 processes: no call fails, or waits longer than for a slow store."""
    ready, over, results = _spawn.Barrier(PROCESSES + 1), _spawn.Event(), _spawn.Queue()
    sandbox.lifetime = 2.0
    with fleet(PROCESSES, call_for_a_while, grant_at(sandbox), own_redis.url, ready, over, results):
        ready.wait(HUNG)
        time.sleep(1.5)
        own_redis.kill()
        time.sleep(1.5)
        own_redis.start()
        # Until the store is in use again, a pause after the last failure, and each has met a token of the others.
        time.sleep(3.5)
        before = sandbox.token_requests
        time.sleep(2.5)
        over.set()
        told = [results.get(timeout=HUNG) for _ in range(PROCESSES)]
        after = sandbox.token_requests
    assert [failures for failures, _, _ in told] == [[]] * PROCESSES
    assert min(calls for _, calls, _ in told) > 20
    assert max(longest for _, _, longest in told) < 2 * _redis_link.ANSWER_SECONDS
    # Tokens of 2 s, for 2.5 s, shared again: two or three, and not eight times as many.
    assert after - before < PROCESSES


@pytest.mark.endurance
def test_nobody_waits_after_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow token endpoint is waited for once: then each token is renewed while the one before is still served."""
    lifetime, delay, seconds = 4.0, 0.15, 30.0
    clock = WorkingClock()
    waits: list[float] = []
    statuses: list[int] = []
    wait = Flight.wait

    def noted(flight: Flight[Any], limit: float) -> Any:
        waits.append(clock())
        return wait(flight, limit)

    def call() -> None:
        with requests.Session() as session:
            while clock() < over_at:
                statuses.append(session.get(address, auth=auth, timeout=HUNG).status_code)
                time.sleep(0.05)

    monkeypatch.setattr(Flight, "wait", noted)
    with clock.running(), Sandbox(clock=clock) as sandbox:
        sandbox.lifetime, sandbox.delay = lifetime, delay
        auth = RequestsAuth(TokenSource(grant_at(sandbox), clock=clock))
        address = sandbox.url(API)
        began_at = clock()
        over_at = began_at + seconds
        in_threads(8, call)
    assert set(statuses) == {200}
    assert len(statuses) > 8 * seconds
    assert len(waits) <= 8
    assert max(waits) - began_at < delay + 0.5
    assert sandbox.token_requests <= 1 + seconds / (0.8 * lifetime)

"""A thousand workers on one store, which count what they cost the authorization server and Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet import FilesAt, Fleet, RedisAt, Step, fleet
from redis_server import RedisServer, own_redis, start_redis
from timing import eventually

from oauth_cc_auth import ClientCredentials
from oauth_cc_auth.sandbox import Sandbox

__all__ = ["own_redis", "start_redis"]

# Seconds within which the last worker has the token after the first, and commands that a worker may cost Redis.
SPREAD, COMMANDS = 3.0, 8.0

STEPS = ("cold", "expired", "refused")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose token endpoint takes half a second."""
    with Sandbox() as running:
        running.lifetime, running.delay = 600.0, 0.5
        yield running


def grant_at(sandbox: Sandbox) -> ClientCredentials:
    """Return a grant that the sandbox knows."""
    return sandbox.grant(
        ClientCredentials(
            token_endpoint="https://as.example.com/token", client_id="fleet", client_secret="canary-fleet"
        )
    )


def gone(crowd: Fleet, how: str) -> Step:
    """Let all workers ask: without a token, after its end, or after the API refused it."""
    if how == "expired":
        crowd.ahead.value = 601.0
    return crowd.go(refused=how == "refused")


def check(step: Step, workers: int) -> None:
    """See that all have the one token, and nobody waited for long behind the first."""
    assert step.failures == []
    assert (len(step.tokens), len(set(step.tokens))) == (workers, 1)
    assert max(step.at) - min(step.at) < SPREAD


@pytest.mark.parametrize(
    ("processes", "threads"), [(2, 20), pytest.param(8, 125, marks=[pytest.mark.endurance, pytest.mark.timeout(300)])]
)
def test_one_redis(sandbox: Sandbox, own_redis: RedisServer, processes: int, threads: int) -> None:
    """Cold, at expiry and refused: one token request for all, few commands each, all within seconds."""
    workers = processes * threads

    def commands() -> int:
        return int(own_redis.ask("INFO", "stats")["total_commands_processed"])

    with fleet(processes, threads, grant_at(sandbox), RedisAt(own_redis.url), len(STEPS)) as crowd:
        for number, how in enumerate(STEPS):
            before = commands()
            check(gone(crowd, how), workers)
            assert sandbox.token_requests == number + 1
            assert commands() - before <= COMMANDS * workers
    assert int(own_redis.ask("INFO", "stats")["rejected_connections"]) == 0


@pytest.mark.endurance
@pytest.mark.timeout(600)
def test_one_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    """Cold, at expiry and refused: one token request for all processes of a FileStore."""
    with fleet(100, 1, grant_at(sandbox), FilesAt(str(tmp_path / "tokens")), len(STEPS)) as crowd:
        for number, how in enumerate(STEPS):
            check(gone(crowd, how), 100)
            assert sandbox.token_requests == number + 1


@pytest.mark.endurance
@pytest.mark.timeout(300)
def test_a_redis_that_dies_while_all_wait(sandbox: Sandbox, own_redis: RedisServer) -> None:
    """Killed and restarted behind their backs: no call fails, and nobody asks the token endpoint twice."""
    processes, threads = 8, 50
    workers = processes * threads
    sandbox.delay = 1.5
    with fleet(processes, threads, grant_at(sandbox), RedisAt(own_redis.url), 1) as crowd:
        crowd.start()
        eventually(lambda: sandbox.token_requests == 1)
        own_redis.kill()
        own_redis.start()
        step = crowd.told()
    assert step.failures == []
    assert len(step.tokens) == workers
    assert sandbox.token_requests <= workers


@pytest.mark.endurance
def test_two_connections_a_process(sandbox: Sandbox, own_redis: RedisServer) -> None:
    """However many sources of a process wait, one connection carries the commands, and one listens."""
    sandbox.delay = 1.5
    with fleet(2, 20, grant_at(sandbox), RedisAt(own_redis.url), 1) as crowd:
        crowd.start()
        eventually(lambda: sandbox.token_requests == 1)
        eventually(lambda: b"saved" in b"".join(own_redis.ask("PUBSUB", "CHANNELS", "*")))
        asking = 1
        eventually(lambda: len(own_redis.ask("CLIENT", "LIST").splitlines()) <= 2 * 2 + asking)
        check(crowd.told(), 40)

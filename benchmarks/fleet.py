"""A fleet of workers that start together on one store: what that costs the token endpoint, the store and the last one.

Workers are threads of up to eight forked processes, each with a source and a store of its own. The token endpoint takes
500 ms. Beside our stores stands what one would write instead: a lock around a look, a request and a write.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.child import in_child
from benchmarks.processes import redis_at
from benchmarks.server import Knobs, Place

SIZES = (1, 10, 100, 1000)
_DELAY, _PROCESSES = 0.5, 8

# A worker of the locks that one would write waits for its turn so long, as ours do.
_PATIENCE = 21.0


def _files(place: Place, folder: str) -> Callable[[], str]:
    return _source(place, lambda: _stores().FileStore(Path(folder) / "tokens"))


def _redis(place: Place, folder: str) -> Callable[[], str]:
    return _source(place, lambda: _stores().RedisStore(f"unix://{folder}/redis.sock"))


def _stores() -> Any:
    import oauth_cc_auth.stores

    return oauth_cc_auth.stores


def _source(place: Place, store: Callable[[], Any]) -> Callable[[], str]:
    from oauth_cc_auth import ClientCredentials, TokenSource

    grant = ClientCredentials(token_endpoint=place.token_url, client_id=place.client_id, client_secret="secret")
    source = TokenSource(grant, store=store())
    return lambda: source.token().access_token


def _file_lock(place: Place, folder: str) -> Callable[[], str]:
    import filelock

    file, lock = Path(folder) / "token", filelock.FileLock(Path(folder) / "lock")

    def token() -> str:
        with lock.acquire(timeout=_PATIENCE):
            if not file.exists():
                file.write_text(_requested(place))
            return file.read_text()

    return token


def _redis_lock(place: Place, folder: str) -> Callable[[], str]:
    import redis

    client = redis.Redis(unix_socket_path=f"{folder}/redis.sock", decode_responses=True)

    def token() -> str:
        with client.lock("lock", timeout=30, blocking_timeout=_PATIENCE):
            if (kept := client.get("token")) is None:
                kept = _requested(place)
                client.set("token", kept, ex=3600)
            return str(kept)

    return token


def _requested(place: Place) -> str:
    import requests

    form = {"grant_type": "client_credentials"}
    answer = requests.post(place.token_url, data=form, auth=(place.client_id, "secret"), timeout=30)
    return str(answer.json()["access_token"])


KINDS: dict[str, Callable[[Place, str], Callable[[], str]]] = {
    "**TokenSource**, FileStore": _files,
    "filelock around a file": _file_lock,
    "**TokenSource**, RedisStore": _redis,
    "redis-py's Lock around GET and SET": _redis_lock,
}


def together(kind: str, place: list[str]) -> list[dict[str, float]]:
    """Return for each size what the fleet cost."""
    drive, where = KINDS[kind], Place(*place)
    _loaded(drive)
    knobs = Knobs(where)
    knobs.reset()
    knobs.set(delay=_DELAY)
    return [_together(drive, size, where, knobs) for size in SIZES]


def _loaded(drive: Callable[[Place, str], Callable[[], str]]) -> None:
    # Imported once, before anybody forks.
    __import__("requests")
    if drive in (_files, _redis):
        for room in ("_authorization_server.exchange", "_life.renewal", "_http.sender", "_http.by_requests"):
            __import__(f"oauth_cc_auth.{room}")


def _together(
    drive: Callable[[Place, str], Callable[[], str]], size: int, where: Place, knobs: Knobs
) -> dict[str, float]:
    fork = multiprocessing.get_context("fork")
    processes = min(size, _PROCESSES)
    shares = [size // processes + (number < size % processes) for number in range(processes)]
    start, results = fork.Barrier(processes), fork.Queue()
    on_redis = drive in (_redis, _redis_lock)
    with tempfile.TemporaryDirectory() as folder, redis_at(folder, wanted=on_redis):

        def run(share: int) -> None:
            times: list[float] = []

            def work(token: Callable[[], str]) -> None:
                try:
                    token()
                except Exception:  # noqa: BLE001 - counted
                    return
                times.append(time.monotonic())

            workers = [threading.Thread(target=work, args=(drive(where, folder),)) for _ in range(share)]
            start.wait()
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            results.put(json.dumps(times))

        children = [fork.Process(target=run, args=(share,)) for share in shares]
        for child in children:
            child.start()
        times = [moment for _ in children for moment in json.loads(results.get())]
        for child in children:
            child.join()
        commands = _commands(folder) if on_redis else 0
    spread = max(times) - min(times) if times else 0.0
    return {"requests": knobs.count(), "commands": commands / size, "spread": spread, "failed": size - len(times)}


def _commands(folder: str) -> int:
    import redis

    with redis.Redis(unix_socket_path=f"{folder}/redis.sock") as client:
        return int(client.info("stats")["total_commands_processed"])


def measure(place: Place) -> dict[str, Any]:
    """Measure every kind; None stands for Redis where there is no redis-server."""
    there = shutil.which("redis-server") is not None
    return {
        kind: in_child(together, kind, place) if there or drive not in (_redis, _redis_lock) else None
        for kind, drive in KINDS.items()
    }

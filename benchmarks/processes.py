"""Several processes at once, each without a token: what a store on disk or in Redis saves.

The processes are forked from one that has imported everything, wait for each other, and make one call each. The token
endpoint takes 50 ms.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.child import in_child
from benchmarks.herd import worked
from benchmarks.peers import Call
from benchmarks.server import Knobs, Place

SIZES = (1, 2, 4, 8, 16, 32)
REDIS = "**RequestsAuth**, RedisStore"
_DELAY = 0.05


def _file_store(place: Place, folder: str) -> Call:
    from oauth_cc_auth import FileStore

    return peers.ours_requests(place, FileStore(Path(folder) / "tokens"))


def _redis_store(place: Place, folder: str) -> Call:
    from oauth_cc_auth import RedisStore

    return peers.ours_requests(place, RedisStore(f"unix://{folder}/redis.sock"))


def _in_file(drive: Callable[[Place, str], Call]) -> Callable[[Place, str], Call]:
    return lambda place, folder: drive(place, f"{folder}/tokens.json")


KINDS: dict[str, tuple[str, Callable[[Place, str], Call]]] = {
    "**RequestsAuth**, FileStore": ("from oauth_cc_auth import RequestsAuth, FileStore", _file_store),
    REDIS: ("from oauth_cc_auth import RequestsAuth, RedisStore", _redis_store),
    "requests_auth, JsonTokenFileCache": ("import requests_auth", _in_file(peers.requests_auth)),
    "httpx_auth, JsonTokenFileCache": ("import httpx_auth", _in_file(peers.httpx_auth)),
    "MSAL, PersistedTokenCache": ("import msal_extensions, requests", _in_file(peers.msal)),
    "authlib OAuth2Session, no store": (
        "import authlib.integrations.requests_client",
        lambda place, _: peers.authlib_requests(place),
    ),
}


def together(kind: str, place: list[str]) -> list[list[int]]:
    """Return for each number of processes the token requests and the failed calls."""
    statement, drive = KINDS[kind]
    exec(statement, {})  # noqa: S102 - written above
    where = Place(*place)
    knobs = Knobs(where)
    knobs.reset()
    knobs.set(delay=_DELAY)
    return [_together(drive, size, where, knobs) for size in SIZES]


def _together(drive: Callable[[Place, str], Call], size: int, where: Place, knobs: Knobs) -> list[int]:
    fork = multiprocessing.get_context("fork")
    start, well = fork.Barrier(size), fork.Value("i", 0)
    with tempfile.TemporaryDirectory() as folder, redis_at(folder, wanted=drive is _redis_store):

        def once() -> Any:
            call = drive(where, folder)
            return call()

        def run() -> None:
            start.wait()
            if worked(once):
                with well.get_lock():
                    well.value += 1

        children = [fork.Process(target=run) for _ in range(size)]
        for child in children:
            child.start()
        for child in children:
            child.join()
    return [knobs.count(), size - well.value]


@contextlib.contextmanager
def redis_at(folder: str, *, wanted: bool) -> Iterator[None]:
    """Run a Redis on a socket in this folder, if one is wanted."""
    if not wanted:
        yield
        return
    socket = Path(folder) / "redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - redis, on a socket of our own
    while not socket.exists():
        assert server.poll() is None
        time.sleep(0.01)
    try:
        yield
    finally:
        server.terminate()
        server.wait()


def measure(place: Place) -> dict[str, Any]:
    """Measure every kind; None stands for Redis where there is no redis-server."""
    return {
        kind: in_child(together, kind, place) if kind != REDIS or shutil.which("redis-server") else None
        for kind in KINDS
    }

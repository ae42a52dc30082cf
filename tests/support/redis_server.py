"""A real Redis on a free port of loopback, which keeps nothing on disk and ends with its test."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from oauth_cc_auth.stores._redis import _SILENT

# Seconds after which a server that starts has not started.
START_SECONDS = 10.0


class RedisServer:
    """A redis-server as a child of this process."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Start it in this folder, where it writes nothing; `options` are those of its command line."""
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder, self._options = folder, options
        self.start()

    def start(self) -> None:
        """Start it, empty, on the port it has, and wait until it answers."""
        standard = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        command = ["redis-server", *self._options, *standard]
        self._process = subprocess.Popen(command, cwd=self._folder, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
        give_up_at = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up_at:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.01)
        self.kill()
        raise TimeoutError("redis-server does not start")

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Let it accept connections and answer nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *command: str | bytes) -> Any:
        """Return the answer to one command, over a connection of its own."""
        with self._connected() as client:
            return client.execute_command(*command)

    def _connected(self) -> redis.Redis:
        return redis.Redis(port=self.port, **_SILENT)  # type: ignore[arg-type]  # which names there are is redis-py's

    @contextmanager
    def heard(self) -> Iterator[list[str]]:
        """Yield a list which holds afterwards each command that came in between, and none that a script ran."""
        commands: list[str] = []
        with self._connected() as client, client.monitor() as monitor:
            yield commands
            self.ask("ECHO", "that was all")
            for told in monitor.listen():
                if told["command"] == "ECHO that was all":
                    return
                if told["client_type"] != "lua":
                    commands.append(told["command"])


Start = Callable[..., RedisServer]


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The server that is there for all tests which do it no harm."""
    with _starting(tmp_path_factory.mktemp("redis")) as start:
        yield start()


@pytest.fixture
def redis_server(shared_redis: RedisServer) -> RedisServer:
    """An empty Redis."""
    shared_redis.ask("FLUSHALL")
    return shared_redis


@pytest.fixture
def start_redis(tmp_path: Path) -> Iterator[Start]:
    """A function that starts a Redis with options of its own."""
    with _starting(tmp_path) as start:
        yield start


@pytest.fixture
def own_redis(start_redis: Start) -> RedisServer:
    """A Redis that may be killed, frozen and set up as its test likes."""
    return start_redis()


@contextmanager
def _starting(folder: Path) -> Iterator[Start]:
    if shutil.which("redis-server") is None:
        pytest.skip("there is no redis-server; on Debian: sudo apt install redis-server")
    servers: list[RedisServer] = []

    def start(*options: str) -> RedisServer:
        servers.append(RedisServer(folder, *options))
        return servers[-1]

    try:
        yield start
    finally:
        for server in servers:
            server.kill()


def free_port() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])

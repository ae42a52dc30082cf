"""Servers that other people wrote, each a process of its own on loopback, ended by its process id."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

# Seconds after which a server that starts has not started; this machine may be busy.
START_SECONDS = 30.0

# What the tests send as secrets: everything that RFC 6749 §2.3.1 and a header treat in a way of their own.
ODD_SECRET = "%+:/= ü€%2B?&\"'"
# RFC 6749 §A.2 allows printable ASCII alone, and servers that keep to it refuse anything else.
ODD_ASCII_SECRET = "%+:/= %2B?&\"'~"

# Set where nothing may be left out, as in CI.
REQUIRED = "INTEROP_REQUIRED"

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"

# The first release that has all that the packages in package.json use.
_OLDEST_NODE = 22


class Process:
    """A server as a child of this process; what it prints goes to a file, of which `news` returns what is new."""

    def __init__(
        self, command: Sequence[str | Path], *ports: int, log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        """Start it, and wait until it listens on each of the ports."""
        self._log, self._read = log, 0
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - a command of these tests
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
            )
        give_up_at = time.monotonic() + START_SECONDS
        try:
            for port in ports:
                while not _listens(port):
                    assert self._process.poll() is None, f"{command[0]} ended with {self._process.returncode}"
                    assert time.monotonic() < give_up_at, f"{command[0]} does not listen on {port}"
                    time.sleep(0.02)
        except AssertionError as error:
            self.end()
            message = f"{error}\n{self.news()}"
            raise AssertionError(message) from None

    def news(self) -> str:
        """Return what the server has printed since the last time."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        self._read += len(text)
        return text.decode(errors="replace")

    def end(self) -> None:
        """End it, at once if it does not end by itself."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def free_port() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def node() -> str:
    """Return the Node.js beside this Python, or the one on the path; skip where there is none, or fail in CI."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which("node", path=path)
    if found is None:
        missing(f"there is no Node.js {_OLDEST_NODE} or later; make interop installs one")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - as above
    if int(version.removeprefix("v").split(".")[0]) < _OLDEST_NODE:
        missing(f"Node.js {version.strip()} is too old, {_OLDEST_NODE} is needed; make interop installs one")
    if not MODULES.is_dir():
        missing("the packages of tests/interop/package.json are not installed; make interop installs them")
    return found


def missing(what: str) -> NoReturn:
    """Skip what cannot be run here, visibly; fail where nothing may be left out."""
    if os.environ.get(REQUIRED):
        pytest.fail(what)
    pytest.skip(what)

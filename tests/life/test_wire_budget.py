"""Tests of what a token endpoint can cost, whatever it answers: memory, threads, sockets and further token requests."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import Any

import pytest
import requests
from loopback import SECRET, Answer, Loopback, grant_for
from requests.adapters import HTTPAdapter
from timing import HUNG, eventually
from urllib3 import Retry

from oauth_cc_auth import InvalidClient, OAuthError, TokenSource
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._http.sender import sender_for

LIBRARIES = ["requests", "httpx", "urllib"]
TIMEOUT = 0.15


# More memory than this no answer may cost.
MEMORY = 4 << 20


OK = b"HTTP/1.1 200 OK\r\n"


@cache
def bomb(layers: int, size: int = 64 << 20) -> bytes:
    """Return so many zeros, compressed so many times."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    block = bytes(1 << 20)
    data = b"".join([*(deflate.compress(block) for _ in range(size >> 20)), deflate.flush()])
    for _ in range(layers - 1):
        data = gzip.compress(data)
    return data


def whole(body: bytes, *headers: str) -> Iterator[bytes]:
    """Answer with this body, at once."""
    named = "".join(f"{header}\r\n" for header in headers).encode()
    yield OK + named + b"Content-Length: %d\r\n\r\n" % len(body)
    yield body


def endless(beginning: bytes, again: bytes, pause: float = 0.0) -> Iterator[bytes]:
    """Answer with this beginning, and then with the same for ever."""
    yield beginning
    block = again * (1 if pause else max(1, (1 << 14) // len(again)))
    while True:
        yield block
        time.sleep(pause)


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ANSWERS: dict[str, Callable[[], Iterator[bytes]]] = {
    "headers that drip": lambda: endless(OK, b"X: y\r\n", 0.02),
    "a header that drips": lambda: endless(OK + b"X: ", b"y", 0.02),
    "a header without end": lambda: endless(OK + b"X: ", b"y"),
    "headers without end": lambda: endless(OK, b"X: y\r\n"),
    "interim answers without end": lambda: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "interim answers that drip": lambda: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02),
    "a chunk extension without end": lambda: endless(CHUNKED + b"1;", b"a"),
    "a chunk extension that drips": lambda: endless(CHUNKED + b"1;", b"a", 0.02),
    "trailers that drip": lambda: endless(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n", 0.02),
    "a body without end": lambda: endless(OK + b"\r\n", b" "),
    "a body that drips": lambda: endless(OK + b"\r\n", b" ", 0.02),
    "silence": lambda: endless(b"", b"", 0.02),
    "a body compressed": lambda: whole(bomb(1), "Content-Encoding: gzip"),
    "a body compressed twice": lambda: whole(bomb(2), "Content-Encoding: gzip, gzip"),
    "a body compressed three times": lambda: whole(bomb(3), "Content-Encoding: gzip, gzip, gzip"),
    "members of gzip without end": lambda: endless(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 100),
    "nested lists": lambda: whole(b"[" * 1_000_000),
    "nested objects": lambda: whole(b'{"access_token":' * 60_000),
}
# Of these each library has its own way to end; the others end where all of them meet.
EACH_ITS_OWN = [
    "headers that drip",
    "headers without end",
    "interim answers without end",
    "a chunk extension without end",
    "trailers that drip",
    "a body that drips",
    "silence",
    "a body compressed",
]


class Attacker:
    """A server on loopback that answers every connection so; it counts them, and notes when each was closed."""

    def __init__(self, answer: Callable[[], Iterator[bytes]]) -> None:
        """Listen."""
        self.answer, self.open, self.count = answer, 0, 0
        self._change = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/token"

    def __enter__(self) -> Attacker:  # noqa: PYI034 - typing has no Self in Python 3.10
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def all_closed(self, seconds: float) -> bool:
        """Tell whether the other side closes all its connections in this time."""
        with self._change:
            return self._change.wait_for(lambda: self.count > 0 and self.open == 0, seconds)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._change:
            self.open, self.count = self.open + 1, self.count + 1
        try:
            with connection:
                connection.recv(1 << 16)
                for block in self.answer():
                    connection.sendall(block)
                    self._look(connection)
                connection.settimeout(30)
                while connection.recv(1 << 16):
                    pass
        except OSError:
            pass
        with self._change:
            self.open -= 1
            self._change.notify_all()

    def _look(self, connection: socket.socket) -> None:
        """Raise OSError where the other side has closed: a silent server learns it in no other way."""
        connection.settimeout(0)
        try:
            if not connection.recv(1):
                raise ConnectionResetError
        except BlockingIOError:
            pass
        finally:
            connection.settimeout(5)


def ours() -> list[threading.Thread]:
    """Return the threads of this package."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("oauth-cc-auth")]


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """Have loaded what is loaded once, so that it does not count."""
    for name in LIBRARIES:
        with Loopback() as server:
            Exchange(grant_for(f"{server.url}/token"), sender_for(None, None, name), 10.0, time.time).fetch(None)


@pytest.mark.parametrize(
    ("library", "name"),
    [*product(LIBRARIES, EACH_ITS_OWN), *(("requests", name) for name in ANSWERS if name not in EACH_ITS_OWN)],
)
def test_what_an_answer_can_cost(library: str, name: str) -> None:
    """Any answer, of those that never end too, ends as our error and in 4 MiB, and leaves no thread and no socket."""
    ANSWERS[name]()
    bomb(2 if "twice" in name else 3 if "three" in name else 1)
    with Attacker(ANSWERS[name]) as server:
        exchange = Exchange(grant_for(server.url), sender_for(None, None, library), TIMEOUT, time.time)
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            with pytest.raises(OAuthError) as caught:
                exchange.fetch(None)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert server.all_closed(HUNG), f"{server.open} of {server.count} sockets are left: {caught.value}"
        eventually(lambda: not ours())
    assert peak - before <= MEMORY


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("layers", [0, 1, 2])
def test_what_is_compressed_all_the_same_is_read(library: str, layers: int) -> None:
    """Identity is requested; a server that compresses once or twice is understood."""
    body = json.dumps({"access_token": "t"}).encode()
    for _ in range(layers):
        body = gzip.compress(body)
    headers = {"Content-Encoding": ", ".join(["gzip"] * layers)} if layers else {}
    with Loopback(Answer(200, body, headers)) as server:
        exchange = Exchange(grant_for(f"{server.url}/token"), sender_for(None, None, library), 10.0, time.time)
        assert exchange.fetch(None).access_token == "t"


def test_a_lent_adapter_that_retries() -> None:
    """Whatever retries a session is configured with, a refused secret is sent once, and typed as refused."""
    retries: Any = Retry(total=3, status_forcelist=[401, 429, 503], allowed_methods=None, backoff_factor=0)
    with Loopback(Answer(401, {"error": "invalid_client"})) as server, requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=retries))
        source = TokenSource(grant_for(f"{server.url}/token", client_secret=SECRET), session=session)
        for _ in range(2):
            with pytest.raises(InvalidClient):
                source.token()
        assert len(server.received) == 1
        assert vars(session.get_adapter("http://"))["max_retries"] is retries, "the session stays as it was"

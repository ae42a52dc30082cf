"""A small HTTP server on loopback that answers by a script, and what tests hand in instead of the world."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from oauth_cc_auth import ClientCredentials

# What must never be seen anywhere: tests look for its parts, too, in case it was cut.
SECRET = "canary-secret-J7#p%k&+="
TOKEN = "canary-token-x4Vb0Qz9"


@dataclass(frozen=True)
class Received:
    """A request as the server saw it; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> list[tuple[str, str]]:
        """The parameters of a form body, in their order, also those that occur twice."""
        return parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=bool(self.body))


@dataclass(frozen=True)
class Answer:
    """What the server answers; a body that is neither bytes nor chunks is sent as JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] | None = None

    def raw(self) -> bytes:
        """Return the body's bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Reply: TypeAlias = "Answer | Callable[[Received], Answer]"


def token_answer(access_token: str = TOKEN, **members: Any) -> Answer:
    """Return an answer that holds a token of an hour, unless `members` say otherwise."""
    return Answer(body={"access_token": access_token, "token_type": "Bearer", "expires_in": 3600, **members})


class Loopback:
    """Answers each request with the next of `replies`, and from then on with the last; keeps what it received."""

    def __init__(self, *replies: Reply) -> None:
        """Listen on a free port of loopback."""
        self.replies: list[Reply] = list(replies) or [token_answer()]
        self.received: list[Received] = []
        self._guard = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.loopback = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Loopback:  # noqa: PYI034 - typing has no Self in Python 3.10
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: Received) -> Answer:
        """Return the answer whose turn it is."""
        with self._guard:
            self.received.append(request)
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply if isinstance(reply, Answer) else reply(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    loopback: Loopback

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that left early is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.loopback.answer(Received(self.command, self.path, headers, body))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.chunks is None:
            self.send_header("Content-Length", str(len(answer.raw())))
            self.end_headers()
            self.wfile.write(answer.raw())
            return
        self.send_header("Connection", "close")
        self.end_headers()
        for chunk in answer.chunks:
            self.wfile.write(chunk)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        """Show this time."""
        self.now = now

    def __call__(self) -> float:
        """Return the time it shows."""
        return self.now


def grant_for(token_endpoint: str = "https://as.example.com/token", **changes: Any) -> ClientCredentials:
    """Return a grant that holds the canary secret, unless `changes` say otherwise."""
    arguments = {"client_id": "client", "client_secret": SECRET, **changes}
    return ClientCredentials(token_endpoint=token_endpoint, **arguments)


def run_together(*work: Callable[[], object]) -> list[object]:
    """Run each piece of work in a thread of its own, all let go at once; return results or exceptions in order."""
    barrier = threading.Barrier(len(work))
    results: list[object] = [None] * len(work)

    def run(place: int) -> None:
        barrier.wait(10)
        try:
            results[place] = work[place]()
        except BaseException as error:  # noqa: BLE001 - a result like any other
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results

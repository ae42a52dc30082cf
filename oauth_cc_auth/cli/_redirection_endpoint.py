"""The redirection endpoint of one login (RFC 6749 §3.1.2), on loopback (RFC 8252 §7.3) and open while the login lasts.

Every page in the user's browser, and every program on this machine, can ask here. What is passed on is a GET of the one
path by this machine's own name; another name in Host is a foreign page's that was made to mean this machine (DNS
rebinding). Whoever is passed on waits until it is said what became of the login.
"""

from __future__ import annotations

import os
import queue
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from oauth_cc_auth.cli._page import HEADERS, NOTHING_HERE, OVER, Page

PATH = "/callback"

# Seconds that a connection may say nothing. Browsers open one in advance, and keep it.
IDLE_SECONDS = 10.0

# Seconds after which the listener notices that the login is over.
_POLL_SECONDS = 0.05


class Arrival:
    """A browser that was sent back, with what its address says, and that waits for its page."""

    def __init__(self, url: str) -> None:
        """Wait from now on."""
        self.url = url
        self._page: Future[Page] = Future()

    def answer(self, page: Page) -> None:
        """Show this page, if there was none yet."""
        if not self._page.done():
            self._page.set_result(page)

    def page(self) -> Page:
        """Return the page, as soon as it is known."""
        return self._page.result()


class RedirectionEndpoint:
    """Listens on 127.0.0.1, at `port` or any that is free, until the ``with`` ends. Raises OSError for a taken port."""

    def __init__(self, port: int) -> None:
        self._server = _Server(port)
        self.url = f"{self._server.origin}{PATH}"
        self._accepting = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="oauth-cc-auth-redirect", daemon=True
        )

    def __enter__(self) -> RedirectionEndpoint:  # noqa: PYI034 - Self is in typing only from Python 3.11
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._accepting.join()
        self._server.end()

    def next_arrival(self, seconds: float) -> Arrival | None:
        """Return who arrives next, or None if nobody does for so many seconds."""
        try:
            return self._server.arrivals.get(timeout=seconds)
        except queue.Empty:
            return None


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: _Server
    timeout = IDLE_SECONDS
    # What is no HTTP at all gets an answer with headers too.
    default_request_version = "HTTP/1.0"

    def parse_request(self) -> bool:
        """Tell whether this is a browser that was sent back; if not, refuse it."""
        if not super().parse_request():
            return False
        names = [f"{name}:{self.server.port}" for name in ("127.0.0.1", "localhost")]
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].lower() not in names:
            self.send_error(421)
        elif self.command != "GET":
            self.send_error(405)
        elif self.path.partition("?")[0] != PATH:
            self.send_error(404)
        else:
            return True
        return False

    def do_GET(self) -> None:
        """Pass the address on, and show what became of it."""
        arrival = Arrival(f"{self.server.origin}{self.path}")
        self.server.arrived(arrival)
        self._send(arrival.page())

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - http.server's signature
        """Refuse a request, and repeat nothing of it."""
        reason, _ = self.responses.get(code, ("Not possible", ""))
        self._send(Page(code, reason, NOTHING_HERE))

    def _send(self, page: Page) -> None:
        content = page.html()
        self.send_response(page.status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if page.status == 405:
            self.send_header("Allow", "GET")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def version_string(self) -> str:
        """Name this package in the header Server, and no versions."""
        return "oauth-cc-auth"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's signature
        """Print nothing: the address holds the code."""


class _Server(ThreadingMixIn, TCPServer):
    """One thread for each connection: one that says nothing must not keep the others waiting."""

    # On Windows that option would let two programs have one port.
    allow_reuse_address = os.name == "posix"
    # Those in excess wait to be accepted.
    request_queue_size = 32

    def __init__(self, port: int) -> None:
        self.arrivals: queue.Queue[Arrival] = queue.Queue()
        self._everybody: list[Arrival] = []
        self._connections: set[socket.socket] = set()
        self._over = False
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        self.port = self.socket.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"

    def arrived(self, arrival: Arrival) -> None:
        """Pass an arrival on to the login, if there is one yet."""
        with self._lock:
            if self._over:
                arrival.answer(OVER)
            self._everybody.append(arrival)
        self.arrivals.put(arrival)

    def end(self) -> None:
        """Answer those who still wait, close every connection, and wait for their threads."""
        with self._lock:
            self._over = True
            for arrival in self._everybody:
                arrival.answer(OVER)
        for connection in list(self._connections):
            # Nothing more is read; what is being written gets there.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread, and know it until it is closed."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle of a request is no news."""

"""The redirection endpoint of one login (RFC 6749 §3.1.2), on loopback (RFC 8252 §7.3) and open while the login lasts.

Every page in the user's browser, and every program on this machine, can ask here. What is passed on is a GET of the one
path by this machine's own name; another name in Host is a foreign page's that was made to mean this machine (DNS
rebinding). Whoever is passed on waits until it is said what became of the login.

The command line of a browser shows its address to every user of the machine, and with it state and challenge: somebody
else could end the login with an account of his own. So the browser is sent to a page of ours first, which leads one
browser to the vendor and gives it a cookie. Only that browser can come back.
"""

from __future__ import annotations

import hmac
import os
import queue
import secrets
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from oauth_cc_auth.cli._page import HEADERS, NOTHING_HERE, OVER, USED, Page

PATH = "/callback"

# Seconds that a connection may say nothing. Browsers open one in advance, and keep it.
IDLE_SECONDS = 10.0

# Seconds after which the listener notices that the login is over.
_POLL_SECONDS = 0.05


class Arrival:
    """A browser that was sent back, with what its address says, and that waits for its page.

    `is_known` tells whether it is the browser that was sent to the vendor from here; any is, if none was.
    """

    def __init__(self, url: str, *, is_known: bool = True) -> None:
        """Wait from now on."""
        self.url, self.is_known = url, is_known
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

    def begin_at(self, url: str) -> str:
        """Return an address of this machine that leads one browser to this URL, and no other browser may come back."""
        self._server.begin = _Begin(url, self._server.port)
        return f"{self._server.origin}{self._server.begin.path}"

    @property
    def is_contested(self) -> bool:
        """Whether a second browser has opened the address of `begin_at`: then nobody knows whose the first was."""
        return self._server.begin is not None and self._server.begin.is_contested

    def next_arrival(self, seconds: float) -> Arrival | None:
        """Return who arrives next, or None if nobody does for so many seconds."""
        try:
            return self._server.arrivals.get(timeout=seconds)
        except queue.Empty:
            return None


class _Begin:
    """Where one browser begins, and the cookie by which it is known again."""

    def __init__(self, url: str, port: int) -> None:
        self.url, self.path = url, f"{PATH}/begin/{secrets.token_urlsafe(16)}"
        # By the port: a browser sends the cookies of all servers of this machine to each.
        self.cookie = f"oauth-cc-auth-{port}={secrets.token_urlsafe(32)}"
        self.is_contested, self._taken, self._lock = False, False, threading.Lock()

    def takes(self, cookies: str) -> bool:
        """Tell whether the browser with these cookies may go on: the first that comes, and that one again."""
        with self._lock:
            if self.knows(cookies):
                return True
            self.is_contested = self._taken
            self._taken = True
            return not self.is_contested

    def knows(self, cookies: str) -> bool:
        """Tell whether this is the first browser's."""
        sent = [cookie.strip().encode("latin-1", "replace") for cookie in cookies.split(";")]
        return any(hmac.compare_digest(cookie, self.cookie.encode()) for cookie in sent)


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
        elif self.path.partition("?")[0] != PATH and not self._is_beginning():
            self.send_error(404)
        else:
            return True
        return False

    def do_GET(self) -> None:
        """Pass the address on, and show what became of it; or lead the browser to the vendor."""
        begin, cookies = self.server.begin, self.headers.get("Cookie", "")
        if begin is not None and self._is_beginning():
            if begin.takes(cookies):
                self._lead(begin)
            else:
                self._send(USED)
            return
        arrival = Arrival(f"{self.server.origin}{self.path}", is_known=begin is None or begin.knows(cookies))
        self.server.arrived(arrival)
        self._send(arrival.page())

    def _is_beginning(self) -> bool:
        return self.server.begin is not None and self.path == self.server.begin.path

    def _lead(self, begin: _Begin) -> None:
        self.send_response(303)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Location", begin.url)
        # Lax: the vendor's page, another site, leads back here.
        self.send_header("Set-Cookie", f"{begin.cookie}; Path={PATH}; HttpOnly; SameSite=Lax")
        self.send_header("Content-Length", "0")
        self.end_headers()

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
        self.begin: _Begin | None = None
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

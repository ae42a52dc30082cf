"""Loopback servers, one for each origin that the sandbox plays.

Werkzeug's server closes each connection after one answer. Clients keep theirs, and what they do with a connection after
a 401 is among the things to be tried here, so the handler below reads the whole request and keeps the connection.
"""

from __future__ import annotations

import io
import ipaddress
import selectors
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, cast

from werkzeug.serving import DechunkedInput, ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import LimitedStream

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# Connections that may wait to be accepted: many clients arrive in the same millisecond.
BACKLOG = 1024
# Seconds that a connection's thread may take to notice that its socket is closed.
JOIN_TIMEOUT = 5.0

ORIGIN = "oauth_cc_auth.sandbox.origin"
# Headers with an underscore in their name, which WSGI has no place for.
UNDERSCORED = "oauth_cc_auth.sandbox.underscored"
# Called by the application to end the connection without an answer.
HANG_UP = "oauth_cc_auth.sandbox.hang_up"

_CHUNK = 1 << 16


class _Handler(WSGIRequestHandler):
    """Serves one request after the other on a connection (RFC 9112 §9.3)."""

    protocol_version = "HTTP/1.1"
    # An answer is written in two parts; without this the second waits 40 ms for the acknowledgement of the first.
    disable_nagle_algorithm = True
    close_without_answer = False
    server: Listener

    def make_environ(self) -> WSGIEnvironment:
        """Say which vendor's origin is meant, and end the body where the request ends."""
        environ = super().make_environ()
        environ[ORIGIN] = self.server.origin
        environ[HANG_UP] = self._hang_up
        environ[UNDERSCORED] = [(name, value) for name, value in self.headers.items() if "_" in name]
        if not environ.get("wsgi.input_terminated"):
            length = int(environ.get("CONTENT_LENGTH") or 0)
            environ["wsgi.input"] = io.BufferedReader(LimitedStream(cast("IO[bytes]", self.rfile), length))
            environ["wsgi.input_terminated"] = True
        return environ

    def run_wsgi(self) -> None:
        """Answer one request; what the application left unread of it is read away before the next."""
        self.environ = environ = self.make_environ()
        body, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        self._read_away(environ["wsgi.input"])
        if self.close_without_answer:
            self.close_connection = True
            return
        code, _, reason = status.partition(" ")
        self._write(int(code), reason, headers.items(), b"".join(body))

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date of an answer (RFC 9110 §6.6.1), by the sandbox's clock."""
        return super().date_time_string(self.server.clock() if timestamp is None else timestamp)

    def _hang_up(self) -> None:
        self.close_without_answer = True

    def _read_away(self, stream: io.BufferedReader | DechunkedInput) -> None:
        while stream.read(_CHUNK):
            pass

    def _write(self, code: int, reason: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        self.send_response(code, reason)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's signature
        """Stay silent: a request line may hold a token."""


class Listener(ThreadedWSGIServer):
    """A server for one origin. Its threads end with it."""

    # Seconds that `handle_request` waits for a connection: there is one whenever it is called.
    timeout = 0

    def __init__(
        self,
        host: str,
        port: int,
        origin: str,
        *,
        app: WSGIApplication,
        clock: Callable[[], float],
        tls: ssl.SSLContext | None,
    ) -> None:
        self.origin = origin
        self.clock = clock
        self._connections: dict[threading.Thread, socket.socket] = {}
        # Werkzeug would print and exit the process where the port is taken; a socket of our own raises OSError.
        with socket.create_server((host, port), family=_family(host), backlog=BACKLOG) as bound:
            super().__init__(host, port, app, handler=_Handler, fd=bound.fileno(), ssl_context=tls)
        self.local_origin = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._wake, self._woken = socket.socketpair()
        self._accepting = threading.Thread(target=self._accept, name=f"sandbox {origin}", daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        """Take connections until woken. The loop of socketserver would look at the clock to know when to end."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while all(key.fileobj is self.socket for key, _ in selector.select()):
                self.handle_request()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread, both known from the start so that they can be ended."""
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._connections[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection until it ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.pop(threading.current_thread(), None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle of a request is no news."""

    def close(self) -> None:
        """Stop listening, end the open connections, wait for their threads."""
        self._wake.send(b".")
        self._accepting.join(JOIN_TIMEOUT)
        self.server_close()
        for end in (self._wake, self._woken):
            end.close()
        threads = list(self._connections.items())
        for _, connection in threads:
            _end(connection)
        for thread, _ in threads:
            thread.join(JOIN_TIMEOUT)


def check_loopback(host: str) -> None:
    """Raise ValueError for a host that others could reach: the sandbox hands out tokens to whoever asks."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        message = f"the sandbox listens on loopback only, not on {host!r}"
        raise ValueError(message)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _end(connection: socket.socket) -> None:
    with suppress(OSError):  # the client may be quicker
        connection.shutdown(socket.SHUT_RDWR)

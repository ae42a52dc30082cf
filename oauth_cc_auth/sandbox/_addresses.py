"""Which origin is played where: a listener for each, opened on first use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from oauth_cc_auth.sandbox._listeners import Listener, check_loopback

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Addresses:
    """The vendors' origins and the loopback origins that stand for them."""

    def __init__(self, host: str, port: int, listen: Callable[[str, int, str], Listener]) -> None:
        check_loopback(host)
        self._host = host
        self._next_port = port
        self._listen = listen
        self._lock = threading.Lock()
        self._listeners: dict[str, Listener] = {}
        self._running = False

    def __str__(self) -> str:
        """Show which origins are played where."""
        return ", ".join(f"{origin} at {listener.local_origin}" for origin, listener in self._listeners.items())

    def open(self) -> None:
        """Let listeners be opened."""
        with self._lock:
            self._running = True

    def close(self) -> None:
        """Close all listeners."""
        with self._lock:
            self._running = False
            listeners, self._listeners = self._listeners, {}
        for listener in listeners.values():
            listener.close()

    def origin(self, url: str) -> str:
        """Return the loopback origin for a URL's, its own if it is one already."""
        origin = origin_of(url)
        with self._lock:
            if not self._running:
                message = "The sandbox is not running: use it in a with statement, or call start()."
                raise RuntimeError(message)
            if any(origin == listener.local_origin for listener in self._listeners.values()):
                return origin
            if origin not in self._listeners:
                self._listeners[origin] = self._listen(self._host, self._next_port, origin)
                self._next_port += 1 if self._next_port else 0
            return self._listeners[origin].local_origin

    def url(self, url: str) -> str:
        """Return a URL with its origin exchanged for the loopback one."""
        parts = urlsplit(url)
        return url.replace(f"{parts.scheme}://{parts.netloc}", self.origin(url), 1)

    def below(self, pattern: str) -> list[str]:
        """Return the loopback origins of the hosts asked for so far that are below a domain: ``https://*.x.com``."""
        scheme, _, domain = pattern.partition("*")
        with self._lock:
            return [
                listener.local_origin
                for origin, listener in self._listeners.items()
                if origin.startswith(scheme) and origin.endswith(domain)
            ]

    def vendor_origin(self, url: str) -> str:
        """Return the origin that a URL means, whether it is the vendor's own or the loopback one."""
        origin = origin_of(url)
        with self._lock:
            return next((vendor for vendor, at in self._listeners.items() if at.local_origin == origin), origin)

    def vendor_host(self, url: str) -> str:
        """Return the host that a URL means."""
        return urlsplit(self.vendor_origin(url)).hostname or ""


def origin_of(url: str) -> str:
    """Return the origin of a URL in one spelling, without a default port (RFC 6454 §6.2)."""
    parts = urlsplit(url)
    host, scheme = parts.hostname or "", parts.scheme
    port = "" if parts.port in {None, _DEFAULT_PORTS.get(scheme)} else f":{parts.port}"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}{port}"

"""HTTP by httpx and httpx2: a token request carried by them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from oauth_cc_auth._http.bounds import Bounds, bounded_read
from oauth_cc_auth._http.lending import failures, loaded_library, lowered, merged
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.origin import is_loopback, origin_of
from oauth_cc_auth._http.proxies import without_passwords
from oauth_cc_auth.errors import (
    ConfigurationError,
)

if TYPE_CHECKING:
    import httpx


class ByHttpx:
    """Sends token requests by the transport, TLS settings, proxies and default headers of a client."""

    def __init__(self, client: Any, how_to_trust: str) -> None:
        self.lent = self._client = client
        self._how_to_trust = how_to_trust
        self._library = sys.modules[loaded_library(type(client), "Client") or "httpx"]

    def __call__(self, request: HttpRequest, timeout: float) -> HttpResponse:
        httpx = self._library
        if self._client.is_closed:
            message = (
                "The client that was lent for token requests is closed: keep it open as long as the source is used."
            )
            raise ConfigurationError(message)
        headers, reading = merged(self._client.headers.items(), request.headers), _Reading(Bounds(timeout))
        with failures(without_passwords, self._how_to_trust), reading:
            extensions = {"timeout": httpx.Timeout(timeout).as_dict()}
            outgoing = httpx.Request(
                request.method, request.url, headers=headers, content=request.body or None, extensions=extensions
            )
            transport = self._transport_for(outgoing.url)
            reading.watch(transport, outgoing.extensions)
            response = transport.handle_request(outgoing)
            response.request = outgoing
            try:
                body = reading.body(response)
            finally:
                response.close()
            return HttpResponse(response.status_code, lowered(response.headers.multi_items()), body)

    def _transport_for(self, url: httpx.URL) -> Any:
        # Not client.send: it runs the hooks and stores the cookies. The transport is the part that is lent, and no
        # public name leads to it; httpx and httpx2 both call it by this one.
        transport = self._client._transport_for_url(url)  # noqa: SLF001 - see above
        # Plain http to this machine is as good as https only if it stays here.
        by_proxy = type(getattr(transport, "_pool", None)).__name__ in {"HTTPProxy", "SOCKSProxy"}
        return self._client._transport if by_proxy and is_loopback(origin_of(str(url))) else transport  # noqa: SLF001 - as above


class _Reading:
    """Has the connection of one request read within the bounds. Of HTTP/2, which others share, only the body."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._streams: list[Any] = []

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        for stream in self._streams:
            vars(stream).pop("read", None)  # the connection of a lent client goes back

    def watch(self, transport: Any, extensions: dict[str, Any]) -> None:
        """Bound the connection that will be chosen for the request with these extensions."""
        pool = getattr(transport, "_pool", None)

        def trace(event: str, _: Any) -> None:
            if event != "http11.send_request_headers.started":
                return
            for waiting in getattr(pool, "_requests", ()):
                if waiting.request.extensions is extensions:
                    self._bound(waiting.connection)

        extensions["trace"] = trace

    def _bound(self, connection: Any) -> None:
        # httpcore has no public name for it; a version that keeps it elsewhere reads within its own timeouts.
        while connection is not None and not hasattr(connection, "_network_stream"):
            connection = getattr(connection, "_connection", None)
        stream = getattr(connection, "_network_stream", None)
        if stream is not None and stream not in self._streams:
            stream.read = bounded_read(stream.read, self._bounds)
            self._streams.append(stream)

    def body(self, response: Any) -> bytes:
        """Return the body of an answer; a mock's may have been read, and so decoded, before."""
        if response.is_stream_consumed:
            return self._bounds.body([response.content])
        return self._bounds.body(response.iter_raw(), response.headers.get("Content-Encoding", ""))

"""HTTP by httpx and httpx2: a token request carried by them, and their messages as the auth class needs them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from oauth_cc_auth._http.bounds import Bounds, bounded_read
from oauth_cc_auth._http.hidden import is_hidden
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


LIBRARIES = ("httpx", "httpx2")


class Kit(NamedTuple):
    """One of the two libraries, with what it calls the same as the other."""

    name: str
    error: type[Exception]
    library: Any
    default_headers: dict[str, str]


def kit_of(message: object) -> Kit:
    """Return the library that a request or a response is of; its class may be a user's own."""
    return _kit_of(type(message))  # type: ignore[arg-type]  # classes are hashable


@cache
def _kit_of(cls: Any) -> Kit:
    modules = (base.__module__.partition(".")[0] for base in cls.__mro__)
    name = next(module for module in modules if module in LIBRARIES)
    library = sys.modules[name]
    with library.Client(trust_env=False, verify=False) as client:
        return Kit(name, library.HTTPError, library, dict(client.headers))


def read(response: httpx.Response) -> None:
    """Read an answer, unless it is an async client's, which a flow composed by the older name may bring here.

    Such an answer is judged as it is, and httpx itself reads it before it sends again.
    """
    if isinstance(response.stream, kit_of(response).library.SyncByteStream):
        response.read()


def drain(response: httpx.Response) -> None:
    """Read what is left of a refused answer; one that breaks off has no body, and hinders nothing."""
    try:
        read(response)
    except kit_of(response).error:
        response._content = b""  # noqa: SLF001 - httpx would read it again for the history
        response.close()


async def adrain(response: httpx.Response) -> None:
    """Do the same in an event loop."""
    try:
        await response.aread()
    except kit_of(response).error:
        response._content = b""  # noqa: SLF001 - as above
        await response.aclose()


def set_by_caller(request: httpx.Request) -> list[str]:
    """Return the names of the headers that the caller has set; what a client sends by default the caller has not."""
    defaults = kit_of(request).default_headers
    fields = ((name.decode("latin-1").lower(), value) for name, value in request.headers.raw)
    return [name for name, value in fields if not is_hidden(value) and value.decode("latin-1") != defaults.get(name)]


def twin(request: httpx.Request, headers: Mapping[str, str], refused: httpx.Response) -> httpx.Request:
    """Return the request as it goes once more, with these headers and with the cookies of the refused answer.

    Another object, because the first stands in the history as it was sent. Its body is the same stream.
    """
    again = object.__new__(type(request))
    vars(again).update(vars(request), headers=request.headers.copy())
    again.headers.update(headers)
    if "Set-Cookie" in refused.headers:
        # As httpx's own digest authentication does; not `refused.cookies`, which would make the answer unpicklable.
        cookies = kit_of(request).library.Cookies()
        cookies.extract_cookies(refused)
        cookies.set_cookie_header(again)
    return again


def origin(url: httpx.URL) -> tuple[bytes, bytes, int | None]:
    """Return what tells origins apart, without a copy of it."""
    return url.raw_scheme, url.raw_host, url.port


def replayable(request: httpx.Request) -> bool:
    """Tell whether the body can be sent again: bytes can, and multipart whose files httpx can rewind."""
    stream = request.stream
    if isinstance(stream, kit_of(request).library.ByteStream):
        return True
    if type(stream).__name__ != "MultipartStream":
        return False
    files = [getattr(field, "file", b"") for field in stream.fields]  # type: ignore[union-attr]  # a private class
    return all(isinstance(file, (str, bytes)) or (hasattr(file, "seekable") and file.seekable()) for file in files)

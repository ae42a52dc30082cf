"""HTTP by httpx and httpx2: a token request carried by them, and their messages as the auth class needs them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from oauth_cc_auth._http.hidden import is_hidden
from oauth_cc_auth._http.lending import capped, failures, loaded_library, lowered, merged
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth.errors import (
    ConfigurationError,
)

if TYPE_CHECKING:
    import httpx


class ByHttpx:
    def __init__(self, client: Any) -> None:
        self.lent = self._client = client
        self._library = sys.modules[loaded_library(type(client), "Client") or "httpx"]

    def __call__(self, request: HttpRequest, timeout: float) -> HttpResponse:
        httpx = self._library
        if self._client.is_closed:
            message = (
                "The client that was lent for token requests is closed: keep it open as long as the source is used."
            )
            raise ConfigurationError(message)
        headers = merged(self._client.headers.items(), request.headers)
        limits = {"timeout": httpx.Timeout(timeout).as_dict()}
        with failures():
            outgoing = httpx.Request(
                request.method, request.url, headers=headers, content=request.body or None, extensions=limits
            )
            # Not client.send: it runs the hooks and stores the cookies. The transport is the part that is lent, and no
            # public name leads to it; httpx and httpx2 both call it by this one.
            transport = self._client._transport_for_url(outgoing.url)  # noqa: SLF001 - see above
            response = transport.handle_request(outgoing)
            response.request = outgoing
            try:
                body = capped(response.iter_bytes(), timeout)
            finally:
                response.close()
            return HttpResponse(response.status_code, lowered(response.headers.multi_items()), body)


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

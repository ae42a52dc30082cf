"""HTTP by httpx and httpx2: a token request carried by them, and their messages as the auth class needs them."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from oauth_cc_auth._http.hidden import Presented, is_presented
from oauth_cc_auth._http.lending import capped, failures, loaded_library, lowered, merged
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth.errors import (
    ConfigurationError,
)

if TYPE_CHECKING:
    import httpx


class ByHttpx:
    def __init__(self, client: Any) -> None:
        self._client = client
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


def read(response: httpx.Response) -> None:
    """Read an answer, unless it is an async client's, which a flow composed by the older name may bring here.

    Such an answer is judged as it is, and httpx itself reads it before it sends again.
    """
    if isinstance(response.stream, sys.modules[library_of(response)].SyncByteStream):
        response.read()


def drain(response: httpx.Response) -> None:
    """Read what is left of a refused answer; one that breaks off has no body, and hinders nothing."""
    try:
        read(response)
    except sys.modules[library_of(response)].HTTPError:
        response._content = b""  # noqa: SLF001 - httpx would read it again for the history
        response.close()


async def adrain(response: httpx.Response) -> None:
    """Do the same in an event loop."""
    try:
        await response.aread()
    except sys.modules[library_of(response)].HTTPError:
        response._content = b""  # noqa: SLF001 - as above
        await response.aclose()


def library_of(message: object) -> str:
    """Return which of the two libraries a request or a response is of; it may be a subclass."""
    names = (cls.__module__.partition(".")[0] for cls in type(message).__mro__)
    return next(name for name in names if name in LIBRARIES)


def set_unless_caller_did(request: httpx.Request, headers: dict[str, Presented]) -> None:
    """Set these headers; what a client sends by default the caller has not set."""
    defaults = _default_headers(library_of(request))
    for name, value in headers.items():
        if request.headers.get(name) in (None, defaults.get(name.lower())):
            request.headers[name] = value


def set_by_us(request: httpx.Request) -> set[str]:
    """Return the names, in lower case, of the headers that we have set."""
    return {name.decode().lower() for name, value in request.headers.raw if is_presented(value)}


def take_cookies(request: httpx.Request, refused: httpx.Response) -> None:
    """Send the cookies of a refused answer, as httpx's own digest authentication does."""
    if "Set-Cookie" in refused.headers:
        # Not `refused.cookies`: it would make the answer unpicklable.
        cookies = sys.modules[library_of(request)].Cookies()
        cookies.extract_cookies(refused)
        cookies.set_cookie_header(request)


@cache
def _default_headers(library: str) -> dict[str, str]:
    with sys.modules[library].Client(trust_env=False, verify=False) as client:
        return dict(client.headers)


def origin(url: httpx.URL) -> tuple[bytes, bytes, int | None]:
    """Return what tells origins apart, without a copy of it."""
    return url.raw_scheme, url.raw_host, url.port


def replayable(request: httpx.Request) -> bool:
    """Tell whether the body can be sent again: bytes can, and multipart whose files httpx can rewind."""
    stream = request.stream
    if isinstance(stream, sys.modules[library_of(request)].ByteStream):
        return True
    if type(stream).__name__ != "MultipartStream":
        return False
    files = [getattr(field, "file", b"") for field in stream.fields]  # type: ignore[union-attr]  # a private class
    return all(isinstance(file, (str, bytes)) or (hasattr(file, "seekable") and file.seekable()) for file in files)

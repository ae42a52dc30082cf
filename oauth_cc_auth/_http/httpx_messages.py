"""The requests and responses of httpx and httpx2, as their auth class needs them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, Any

from oauth_cc_auth._frozen import dataclass
from oauth_cc_auth._http.hidden import is_hidden
from oauth_cc_auth._http.sizes import DRAIN_SECONDS, DRAINED, MAX_ANSWER, piece_size

if TYPE_CHECKING:
    import httpx

LIBRARIES = ("httpx", "httpx2")


@dataclass(frozen=True, slots=True)
class Kit:
    """One of the two libraries, and what of it has to be made once."""

    name: str
    library: Any
    default_headers: dict[str, str]
    partly_read: type[Any]


def kit_of(message: object) -> Kit:
    """Return the library that a request or a response is of; its class may be a user's own."""
    return _kit_of(type(message))  # type: ignore[arg-type]  # classes are hashable


@cache
def _kit_of(cls: Any) -> Kit:
    modules = (base.__module__.partition(".")[0] for base in cls.__mro__)
    name = next(module for module in modules if module in LIBRARIES)
    library = sys.modules[name]
    with library.Client(trust_env=False, verify=False) as client:
        defaults = dict(client.headers)
    partly_read = type("PartlyRead", (_PartlyRead, library.SyncByteStream, library.AsyncByteStream), {})
    return Kit(name, library, defaults, partly_read)


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Return what tells origins apart, without a copy of it."""
    # The parts as httpx keeps them, where it does: its properties make each anew.
    parts = getattr(url, "_uri_reference", url)
    return parts.scheme, parts.host, parts.port


def set_by_caller(request: httpx.Request) -> list[str]:
    """Return the names of the headers that the caller has set; those that a client sends by default are not."""
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


def replayable(request: httpx.Request) -> bool:
    """Tell whether the body can be sent again: bytes, a file that can be rewound, multipart of such files."""
    stream: Any = request.stream
    if isinstance(stream, kit_of(request).library.ByteStream):
        return True
    if type(stream).__name__ == "IteratorByteStream":
        return _rewound(stream._stream, request.headers.get("Content-Length"))  # noqa: SLF001 - no public name leads to it
    if type(stream).__name__ != "MultipartStream":
        return False
    # httpx rewinds these itself.
    files = [getattr(field, "file", b"") for field in stream.fields]
    return all(isinstance(file, (str, bytes)) or (hasattr(file, "seekable") and file.seekable()) for file in files)


def _rewound(file: Any, length: str | None) -> bool:
    try:
        # httpx sends a file from where it stands, but counts all of it: only what was sent from its start was right.
        whole = file.seekable() and str(file.seek(0, 2)) == length
        file.seek(0)
    except (AttributeError, OSError, ValueError):  # an iterable that is no file, or one that is closed by now
        return False
    return bool(whole)


# Answers


class _PartlyRead:
    """A body of which some is read already, or all, in the place of the library's."""

    def __init__(self, already: list[bytes], rest: Any, stream: Any) -> None:
        self.already, self.rest, self._stream = already, rest, stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self.already
        yield from self.rest or ()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.already:
            yield chunk
        if self.rest is not None:
            async for chunk in self.rest:
                yield chunk

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        if hasattr(self.rest, "aclose"):
            await self.rest.aclose()
        await self._stream.aclose()

    @property
    def elapsed(self) -> Any:
        return getattr(self._stream, "elapsed", None)  # httpx2 has it here


class _Peek:
    """What is read of a body, up to a limit, and then put back, so that the caller can read it as if it were new."""

    def __init__(self, response: httpx.Response, limit: int, seconds: float | None) -> None:
        self._response, self._limit, self._seconds = response, limit, seconds
        self._chunks, self._size, self._start = list[bytes](), 0, monotonic()

    def is_too_long(self, chunk: bytes) -> bool:
        self._chunks.append(chunk)
        self._size += len(chunk)
        late = self._seconds is not None and monotonic() - self._start > self._seconds
        return late or self._size > self._limit

    def put_back(self, rest: Any) -> bool:
        response = self._response
        response.stream = kit_of(response).partly_read(self._chunks, rest, response.stream)
        return rest is None


def peek(response: httpx.Response, limit: int = MAX_ANSWER, seconds: float | None = None) -> bool:
    """Read an answer; return whether it is at hand, and no longer than `limit` bytes as it was sent.

    Either way the caller can still read it. One of an async client, which a flow composed by the older name may bring
    here, is not at hand.
    """
    if hasattr(response, "_content"):
        return True
    stream = response.stream
    if not isinstance(stream, kit_of(response).library.SyncByteStream):
        return False
    seen, rest = _Peek(response, limit, seconds), iter(stream)
    with _errors_of(response):
        for chunk in rest:
            if seen.is_too_long(chunk):
                return seen.put_back(rest)
        stream.close()
    return seen.put_back(None)


async def apeek(response: httpx.Response, limit: int = MAX_ANSWER, seconds: float | None = None) -> bool:
    """Do the same in an event loop."""
    if hasattr(response, "_content"):
        return True
    stream: Any = response.stream
    seen, rest = _Peek(response, limit, seconds), aiter(stream)
    with _errors_of(response):
        async for chunk in rest:
            if seen.is_too_long(chunk):
                return seen.put_back(rest)
        await stream.aclose()
    return seen.put_back(None)


@contextmanager
def _errors_of(response: httpx.Response) -> Iterator[None]:
    try:
        yield
    except kit_of(response).library.RequestError as error:
        error.request = response.request  # as httpx has it where it reads itself
        raise


def drain(response: httpx.Response) -> None:
    """Read a refused answer, so that its connection is free before a token request may want it.

    A longer one is left as it is, and one that breaks off has no body: neither hinders anything.
    """
    try:
        peek(response, DRAINED, DRAIN_SECONDS)
    except kit_of(response).library.HTTPError:
        response._content = b""  # noqa: SLF001 - httpx would read it again for the history
        response.close()


async def adrain(response: httpx.Response) -> None:
    """Do the same in an event loop."""
    try:
        await apeek(response, DRAINED, DRAIN_SECONDS)
    except kit_of(response).library.HTTPError:
        response._content = b""  # noqa: SLF001 - as above
        await response.aclose()


def cut(response: httpx.Response) -> bool:
    """Keep httpx from reading a refused answer for the history; return whether it has to be closed."""
    stream: Any = response.stream
    if hasattr(response, "_content") or not isinstance(stream, _PartlyRead):
        return False
    response._content = content(response)  # noqa: SLF001 - as above
    return stream.rest is not None


def content(response: httpx.Response) -> bytes:
    """Return what is at hand of a body, decoded; nothing of one that is longer than any error, or cannot be decoded."""
    if hasattr(response, "_content"):
        return response.content
    stream: Any = response.stream
    raw, encoding = b"".join(stream.already), response.headers.get("Content-Encoding")
    size = piece_size(encoding)
    library = kit_of(response).library
    pieces = (raw[at : at + size] for at in range(0, len(raw), size))
    twin = library.Response(200, headers={"Content-Encoding": encoding} if encoding else {}, content=pieces)
    body = bytearray()
    try:
        for chunk in twin.iter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER:
                return b""
    except library.DecodingError:
        return b""
    return bytes(body)

"""How long an answer is waited for, and how much of it is read.

A library's timeout bounds each read, so a server that drips headers, interim answers or the extension of a chunk would
keep a thread and a socket for good, and what is compressed may be a thousand times as long once it is read. So every
read of a token request's answer, also of one layer of its compression, has one moment at which it ends, and a length.
"""

from __future__ import annotations

import http.client
import io
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from oauth_cc_auth._http.sizes import MAX_ANSWER

# What comes over the wire beside the body: headers, interim answers, the sizes of chunks.
_MAX_WIRE = MAX_ANSWER + (1 << 18)

# What is read at once of a stream.
_PIECE = 1 << 12

# One step of decompression.
_STEP = 1 << 16

# Identity was requested; what is compressed more than twice is no answer but an attack.
_MOST_LAYERS = 2


class TooLong(OSError):
    """The answer is longer than any token answer. An OSError, because libraries hand these on with their cause."""


class NotDecoded(ValueError):
    """The answer's Content-Encoding cannot be read."""


class Bounds:
    """The moment at which an answer has to be complete, by the monotonic clock, and the bytes that are left to it."""

    __slots__ = ("_left", "_until")

    def __init__(self, timeout: float) -> None:
        """Begin now; `timeout` is in seconds."""
        self._until, self._left = time.monotonic() + timeout, _MAX_WIRE

    def seconds(self) -> float:
        """Return what is left of the time. Raises TimeoutError where that is nothing."""
        left = self._until - time.monotonic()
        if left <= 0:
            message = "the answer was not complete in time"
            raise TimeoutError(message)
        return left

    def count(self, length: int) -> None:
        """Take note that so much came over the wire. Raises TooLong."""
        self._left -= length
        if self._left < 0:
            raise _too_long()

    def read(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass the chunks on, as long as there is time and they are no longer than a token answer."""
        length = 0
        for chunk in chunks:
            self.seconds()
            length += len(chunk)
            if length > MAX_ANSWER:
                raise _too_long()
            yield chunk

    def body(self, chunks: Iterable[bytes], content_encoding: str = "") -> bytes:
        """Return the whole body, decoded."""
        layers = [name for name in content_encoding.lower().replace(",", " ").split() if name != "identity"]
        if len(layers) > _MOST_LAYERS or not {"gzip", "x-gzip", "deflate"}.issuperset(layers):
            message = f"its Content-Encoding is {content_encoding!r}, though identity was requested"
            raise NotDecoded(message)
        decoded = self.read(chunks)
        for name in reversed(layers):
            decoded = self.read(_inflated(decoded, name))
        return b"".join(decoded)


class BoundedReader(io.RawIOBase):
    """What is read from a socket, within the bounds: for libraries that read from a file of it."""

    def __init__(self, raw: io.RawIOBase, sock: Any, bounds: Bounds) -> None:
        """Read from `raw`, the file of this socket."""
        self._raw, self._sock, self._bounds = raw, sock, bounds

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what there is, and wait for it no longer than there is time."""
        self._sock.settimeout(self._bounds.seconds())
        length = self._raw.readinto(buffer)
        self._bounds.count(length or 0)
        return length

    def close(self) -> None:
        """Close the file, and with it the socket where nobody else has it."""
        self._raw.close()
        super().close()


def bounded_response(bounds: Bounds) -> Callable[..., http.client.HTTPResponse]:
    """Return what http.client makes an answer with, so that it is read within the bounds from its first byte on."""

    def response(sock: Any, *arguments: Any, **named: Any) -> http.client.HTTPResponse:
        made = http.client.HTTPResponse(sock, *arguments, **named)
        made.fp = io.BufferedReader(BoundedReader(made.fp.detach(), sock, bounds))
        return made

    return response


def bounded_read(read: Callable[..., bytes], bounds: Bounds) -> Callable[..., bytes]:
    """Return a function that reads as this one does, within the bounds: for libraries that read from a stream."""

    def bounded(max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG001 - ours is the shorter one
        # In small pieces: httpcore looks at the time no sooner than it has read all that a piece holds.
        data = read(min(max_bytes, _PIECE), timeout=bounds.seconds())
        bounds.count(len(data))
        return data

    return bounded


def _too_long() -> TooLong:
    return TooLong(f"it is longer than {MAX_ANSWER} bytes and was not read to its end")


def _inflated(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    inflate: Any = None
    for chunk in chunks:
        rest = chunk
        while rest or (inflate is not None and not inflate.eof):
            if inflate is None or inflate.eof:
                inflate = zlib.decompressobj(_window(rest, name))  # gzip may have several members
            try:
                piece = inflate.decompress(rest, _STEP)
            except zlib.error as error:
                message = f"it is not {name}, as its Content-Encoding says"
                raise NotDecoded(message) from error
            rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            yield piece
            if not rest and len(piece) < _STEP:
                break


def _window(beginning: bytes, name: str) -> int:
    # RFC 9110 §8.4.1.2: deflate is zlib's format, which some servers leave out around it.
    if name != "deflate":
        return 16 + zlib.MAX_WBITS
    return zlib.MAX_WBITS if beginning[0] & 0x0F == 8 else -zlib.MAX_WBITS

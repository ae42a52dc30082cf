"""Tests of the bounds of an answer: its time, its length, and what it is once it is decoded."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from oauth_cc_auth._http.bounds import BoundedReader, Bounds, NotDecoded, TooLong, bounded_read
from oauth_cc_auth._http.sizes import MAX_ANSWER

TEXT = b'{"access_token": "t"}' * 40


def raw_deflate(body: bytes) -> bytes:
    """Return what some servers call deflate: without zlib's frame."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(body) + deflate.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("X-GZip", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:30]) + gzip.compress(TEXT[30:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("deflate, gzip", gzip.compress(zlib.compress(TEXT))),
        ("identity, gzip", gzip.compress(TEXT)),
    ],
    # Not the bodies: gzip writes the time into them, and each worker of a parallel run has to find the same tests.
    ids=["plain", "identity", "gzip", "x-gzip", "members", "zlib", "raw", "both", "named"],
)
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_what_is_compressed_is_read(encoding: str, body: bytes, size: int) -> None:
    """gzip, several members of it, and deflate with or without its frame are decoded, however the body is cut."""
    chunks = (body[start : start + size] for start in range(0, len(body), size))
    assert Bounds(10).body(chunks, encoding) == TEXT


@pytest.mark.parametrize("size", [MAX_ANSWER, MAX_ANSWER + 1])
@pytest.mark.parametrize("encoding", ["", "gzip", "gzip, gzip"])
def test_one_mebibyte_and_no_more(size: int, encoding: str) -> None:
    """An answer of 1 MiB is read, and a longer one is not, whatever it is compressed to."""
    body = b" " * size
    for _ in filter(None, encoding.split(",")):
        body = gzip.compress(body)
    if size == MAX_ANSWER:
        assert len(Bounds(10).body([body], encoding)) == size
    else:
        with pytest.raises(TooLong, match="longer than 1048576 bytes"):
            Bounds(10).body([body], encoding)


def test_what_cannot_be_decoded() -> None:
    """What is compressed otherwise, though identity was requested, is named and not guessed at."""
    cases: list[str] = ["br", "zstd", "gzip, gzip, gzip", "gzip, br"]
    for encoding in cases:
        with pytest.raises(NotDecoded, match="identity was requested"):
            Bounds(10).body([TEXT], encoding)


def test_what_is_not_what_it_says() -> None:
    """A body that is not compressed as it says is no answer."""
    cases: list[str] = ["gzip", "deflate"]
    for encoding in cases:
        with pytest.raises(NotDecoded, match=f"it is not {encoding}"):
            Bounds(10).body([b"{x" * 20], encoding)


def test_time_runs_out() -> None:
    """Each chunk, each read and each piece of a stream comes in time, or not at all."""
    over = Bounds(-1.0)

    def chunks() -> Iterator[bytes]:
        yield b" "

    with pytest.raises(TimeoutError):
        over.body(chunks())
    with pytest.raises(TimeoutError):
        bounded_read(lambda *_, **__: pytest.fail("read too late"), over)(1 << 16, timeout=5.0)
    reader = BoundedReader(io.FileIO("/dev/null"), Socket(), over)
    with pytest.raises(TimeoutError):
        reader.read(1)
    reader.close()


class Socket:
    """A socket that remembers how long it may wait."""

    timeout: float | None = None

    def settimeout(self, seconds: float) -> None:
        """Remember it."""
        self.timeout = seconds


def test_a_socket_waits_no_longer_than_there_is_time() -> None:
    """What is read from a socket's file is counted, and the socket waits for it no longer than there is time."""
    sock, told = Socket(), dict[str, Any]()
    reader = BoundedReader(io.FileIO("/dev/zero"), sock, Bounds(10))
    assert reader.readable()
    assert reader.read(3) == b"\0\0\0"
    assert 9 < (sock.timeout or 0) <= 10
    with pytest.raises(TooLong):
        reader.readall()
    reader.close()
    assert reader._raw.closed

    def read(max_bytes: int, timeout: float) -> bytes:
        told.update(max_bytes=max_bytes, timeout=timeout)
        return bytes(max_bytes)

    bounded = bounded_read(read, Bounds(10))
    assert len(bounded(2, timeout=99.0)) == 2
    assert 9 < told["timeout"] <= 10
    with pytest.raises(TooLong):
        list(iter(lambda: bounded(1 << 16), b""))

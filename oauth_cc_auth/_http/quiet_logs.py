"""HTTP libraries kept from logging what holds a secret: a token request, and headers of their own that hold a token."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

# HTTP/2's header compression logs each header at DEBUG; `Authorization` it hides itself. jh2 is that of niquests.
_HEADER_TABLES = ("hpack", "hpack.hpack", "hpack.table", "h2", "jh2.hpack.hpack", "jh2.hpack.table")

# What these log quotes the URL, the headers, or what a server quotes of them: at DEBUG, the first also as a warning.
_TALKATIVE = (
    *("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry", "urllib3.response", *_HEADER_TABLES),
    *(f"{name}.{part}" for name in ("httpcore", "httpcore2") for part in ("connection", "http11", "http2", "proxy")),
    *("httpcore.socks", "httpcore2.socks", "httpx", "httpx2"),
)

# Whether this thread sends such a request now. One filter stays with each logger for good: to take one away while
# another thread's record passes would let that record slip by its own.
_this_thread = threading.local()


def _may_be_logged(_: logging.LogRecord) -> bool:
    return not getattr(_this_thread, "is_muted", False)


def _is_no_header(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


@contextmanager
def muted() -> Iterator[None]:
    """Keep the libraries from logging what this thread sends: a token request, and the answer that may echo it."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_may_be_logged)
    _this_thread.is_muted = True
    try:
        yield
    finally:
        _this_thread.is_muted = False


@cache
def hide_headers() -> None:
    """Keep HTTP/2's header compression from logging headers, from now on: one of the API's own holds a token."""
    for name in _HEADER_TABLES:
        logging.getLogger(name).addFilter(_is_no_header)

"""HTTP libraries kept from logging what a request to the authorization server holds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from oauth_cc_auth._http.messages import HttpRequest

# What these log quotes the URL, or what a server quotes of it: at DEBUG, the first also as a warning.
_TALKATIVE = (
    *("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry", "hpack.hpack", "h2"),
    *(f"{name}.{part}" for name in ("httpcore", "httpcore2") for part in ("connection", "http11", "http2", "proxy")),
)


# Whether this thread sends such a request now. One filter stays with each logger for good: to take one away while
# another thread's record passes would let that record slip by its own.
_this_thread = threading.local()


def _may_be_logged(_: logging.LogRecord) -> bool:
    return not getattr(_this_thread, "is_muted", False)


@contextmanager
def muted(request: HttpRequest) -> Iterator[None]:
    """Keep the libraries from logging what this thread sends to a URL with a query: it may hold the secret."""
    if "?" not in request.url:
        yield
        return
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_may_be_logged)
    _this_thread.is_muted = True
    try:
        yield
    finally:
        _this_thread.is_muted = False

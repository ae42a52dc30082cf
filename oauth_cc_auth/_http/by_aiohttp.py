"""HTTP by aiohttp: its requests and answers, as its auth class needs them.

aiohttp runs a middleware for each hop of a redirect and does not say that it is one. Where a redirect points is
therefore remembered in the task that follows it.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from contextvars import ContextVar
from typing import NamedTuple

import aiohttp
from aiohttp import ClientRequest, ClientResponse
from aiohttp.http import SERVER_SOFTWARE
from aiohttp.payload import Payload
from yarl import URL

# Bytes of a refused answer that are read so that its connection can be used again; a longer answer ends its connection.
_DRAINED = 64 * 1024

# Bytes of an answer that are read to judge it; no error is as long.
JUDGED = 1024 * 1024


class _Redirect(NamedTuple):
    """Where the last answer in this task points, and the URL that was asked for at first."""

    target: str
    asked: str


_redirect: ContextVar[_Redirect | None] = ContextVar("oauth_cc_auth_redirect", default=None)


_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def place_of(request: ClientRequest) -> object:
    """Return what tells origins apart, without a copy of the URL."""
    url = request.url
    return url.scheme, url.raw_host, url.port


def asked_at_first(request: ClientRequest) -> str | None:
    """Return the URL that the caller asked for where this request is the hop of a redirect, else None."""
    before = _redirect.get()
    return before.asked if before is not None and before.target == str(request.url) else None


def remembered(response: ClientResponse, asked: str | None) -> ClientResponse:
    """Remember, for the next request of this task, where this answer points."""
    redirect = None
    if response.status in _REDIRECTS and (target := response.headers.get("Location") or response.headers.get("URI")):
        with suppress(ValueError):  # what is no URL is followed by nobody
            there = response.url.join(URL(target)).with_fragment(None)
            redirect = _Redirect(str(there), asked or str(response.url))
    if redirect is not None or _redirect.get() is not None:
        _redirect.set(redirect)
    return response


def set_by_caller(request: ClientRequest) -> list[str]:
    """Return the names of the headers that the caller has set; what a session sends by default the caller has not."""
    defaults = {"User-Agent": SERVER_SOFTWARE, **{str(name): text for name, text in request.DEFAULT_HEADERS.items()}}
    return [name for name, value in request.headers.items() if value != defaults.get(name)]


def replayable(request: ClientRequest) -> bool:
    """Tell whether the body can be sent again: aiohttp rewinds files, and keeps everything but generators."""
    body = request.body
    return not (isinstance(body, Payload) and body.consumed)


async def drain(response: ClientResponse) -> None:
    """Read a refused answer, so that its connection can be used again; end the connection of one that is long."""
    with suppress(aiohttp.ClientError):  # one that breaks off has no body, and hinders nothing
        if (response.content_length or 0) <= _DRAINED and await body_of(response, _DRAINED) is not None:
            return
    response.close()


async def body_of(response: ClientResponse, longest: int) -> bytes | None:
    """Return the body if it has at most so many bytes; the answer stays unread. Raises the library's own errors."""
    content, body = response.content, bytearray()
    while len(body) <= longest and (chunk := await content.readany()):
        body += chunk
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        content.unread_data(bytes(body))  # there is no other way to have looked and not taken
    return bytes(body) if len(body) <= longest else None

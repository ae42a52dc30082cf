"""What `AiohttpAuth` must know of aiohttp's requests and answers.

aiohttp runs a middleware for each hop of a redirect and does not say that it is one. It tells the traces of a call that
it follows a redirect, and hands the list of these to every hop; so one of ours is put there with the first redirect.
Neither the task nor the redirect's spelling may tell: a middleware around ours may run each hop in a task of its own,
or send requests in between, and aiohttp rewrites the address before it goes there.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from time import monotonic
from types import SimpleNamespace

import aiohttp
from aiohttp import ClientRequest, ClientResponse
from aiohttp.http import SERVER_SOFTWARE
from aiohttp.payload import Payload
from aiohttp.tracing import Trace

from oauth_cc_auth._http.sizes import DRAIN_SECONDS, DRAINED, MAX_ANSWER

# Signals that nobody listens to.
_SILENT = aiohttp.TraceConfig()
_SILENT.freeze()


class _Redirect(Trace):
    """The trace of a call that met a redirect: the URL that was asked for at first, and whether aiohttp goes on."""

    def __init__(self, request: ClientRequest) -> None:
        super().__init__(request.session, _SILENT, SimpleNamespace())
        self.asked, self.is_followed = str(request.url), False

    async def send_request_redirect(self, *_: object) -> None:
        self.is_followed = True


REDIRECTS = frozenset({301, 302, 303, 307, 308})


def place_of(request: ClientRequest) -> object:
    """Return what tells origins apart, without a copy of the URL."""
    url = request.url
    return url.scheme, url.raw_authority


def asked_at_first(request: ClientRequest) -> str | None:
    """Return the URL that the caller asked for where this request is the hop of a redirect, else None."""
    for trace in request._traces:  # noqa: SLF001 - nothing public is the same for all hops
        if isinstance(trace, _Redirect) and trace.is_followed:
            return trace.asked
    return None


def remembered(response: ClientResponse, request: ClientRequest) -> ClientResponse:
    """Remember, for the next hop of this call, what was asked for, if this answer may be a redirect."""
    traces = request._traces  # noqa: SLF001 - as above
    if response.status in REDIRECTS and not any(isinstance(trace, _Redirect) for trace in traces):
        traces.append(_Redirect(request))
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
    """Read a refused answer, so that its connection can be used again; a longer one is left as it is."""
    with suppress(aiohttp.ClientError):  # one that breaks off has no body, and hinders nothing
        if (response.content_length or 0) <= DRAINED:
            await body_of(response, DRAINED, DRAIN_SECONDS)


async def body_of(response: ClientResponse, longest: int = MAX_ANSWER, seconds: float | None = None) -> bytes | None:
    """Return the body if it has at most so many bytes; the answer stays unread. Raises the library's own errors.

    After so many seconds no more of it is read.
    """
    content, body, start = response.content, bytearray(), monotonic()
    while len(body) <= longest and (chunk := await content.readany()):
        body += chunk
        if seconds is not None and monotonic() - start > seconds:
            break
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        content.unread_data(bytes(body))  # there is no other way to have looked and not taken
    return bytes(body) if len(body) <= longest else None

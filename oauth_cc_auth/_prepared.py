"""The auth classes that are handed a prepared request, and hear of its answer by a hook: requests and niquests."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from time import perf_counter
from types import SimpleNamespace
from typing import Any, TypeVar

from oauth_cc_auth._attempts import Attempt, Attempts
from oauth_cc_auth._auth import Auth
from oauth_cc_auth._http.hidden import Hidden
from oauth_cc_auth._http.origin import has_origin, place_of
from oauth_cc_auth._http.requests_messages import (
    NoHook,
    abandon,
    adrain,
    aread,
    bare,
    can_go_again,
    drain,
    next_hop,
    once_more,
    read,
    set_by_caller,
    strip_from_redirect,
)
from oauth_cc_auth._raising import raised_as
from oauth_cc_auth._resource_server.presentation import Presentation
from oauth_cc_auth._resource_server.verdict import must_read

_R = TypeVar("_R")


class PreparedAuth(Auth):
    """An auth object that is called with a prepared request. A subclass names its library."""

    # The library's module, and the name of what carries the token request, if not the usual.
    _library: Any
    _sender: str | None = None

    def __call__(self, r: _R, *_: object) -> _R:
        """Present the token, and look at the answer when it comes."""
        request: Any = r
        if not isinstance(request, self._library.PreparedRequest):
            raise self._wrong_library(self._library.__name__, request)
        url = request.url or ""  # the place as `place_of` says it, whose call is saved here
        path = url.find("/", 8)
        sent: Presentation | Attempt | None = self._serving.ready(url if path < 0 else url[:path])
        if sent is None or self._has_more:
            with self._errors_for(request):
                sent = next(self._attempts(request))
        for name, value in sent.headers.items():
            request.headers[name] = value
        request.hooks["response"].append(Answered(self, sent))
        return r

    def _attempts(self, request: Any, **settings: Any) -> Attempts:
        return Attempts(
            *(self._serving, str(request.method), str(request.url)),
            headers=set_by_caller(self._library, request),
            library=self._sender,
            place=place_of(str(request.url)),
            kind=Hidden,
            **settings,
        )

    def _errors_for(self, request: Any) -> AbstractContextManager[None]:
        # What the library itself says of a URL that it cannot send to.
        url, errors = str(request.url), self._library.exceptions
        error = errors.RequestException
        if not has_origin(url):
            error = errors.InvalidURL if url.startswith("http") else errors.InvalidSchema
        return raised_as(error, partial(bare, request, self._serving.resource_server.header))

    def hear(self, hook: Answered, response: Any, how: dict[str, Any]) -> Any:
        """Return the answer to a request, or to the one that went once more."""
        request = response.request
        if not self._serving.settled(response.status_code):
            loop, attempt = self._resumed(hook, response)
            while attempt is not None:
                # Where the body breaks off, the caller hears so from the library.
                at_hand = self._must_read(response, how) and read(response)
                if not self._heard(attempt, response, at_hand=at_hand):
                    break
                drain(self._library, response)
                with self._errors_for(request):
                    attempt = next(loop, None)
                if attempt is not None:
                    again, start = self._again(hook, attempt, response, request), perf_counter()
                    response.close()
                    abandon(response)
                    response = _following(response, again, response.connection.send(again, **how), start)
        self._redirect(hook, response, request)
        return response

    async def ahear(self, hook: Answered, response: Any, how: dict[str, Any]) -> Any:
        """Do the same; only the waiting differs."""
        request = response.request
        if not self._serving.settled(response.status_code):
            loop, attempt = self._resumed(hook, response)
            while attempt is not None:
                at_hand = self._must_read(response, how) and await aread(response)
                if not self._heard(attempt, response, at_hand=at_hand):
                    break
                await adrain(self._library, response)
                with self._errors_for(request):
                    attempt = await anext(loop, None)
                if attempt is not None:
                    again, start = self._again(hook, attempt, response, request), perf_counter()
                    await response.close()
                    abandon(response)
                    # It stands in the history as one that has been read, and needs no event loop.
                    response.__class__ = self._library.Response
                    response = _following(response, again, await response.connection.send(again, **how), start)
        self._redirect(hook, response, request)
        return response

    def _resumed(self, hook: Answered, response: Any) -> tuple[Attempts, Attempt | None]:
        request, sent, header = response.request, hook.sent, self._serving.resource_server.header
        loop = self._attempts(request, replayable=partial(can_go_again, self._library, request, response))
        # A redirect may have taken the token away.
        carried = request.headers.get(header) == sent.headers[header]
        return loop, loop.resume(sent.token, sent.headers) if carried else None

    def _must_read(self, response: Any, how: dict[str, Any]) -> bool:
        headers = response.headers
        kind, length = headers.get("Content-Type", ""), headers.get("Content-Length")
        streamed = bool(how.get("stream"))
        return must_read(self._serving.resource_server, response.status_code, kind, length, streamed=streamed)

    def _heard(self, attempt: Attempt, response: Any, *, at_hand: bool) -> bool:
        # Without its body, unless it is at hand: what judges the response itself would read it, however long it is.
        said = SimpleNamespace(status_code=response.status_code, headers=response.headers, url=response.url)
        if at_hand:
            said.content = vars(response)["_content"]
        error = partial(self._serving.grant.api_error, said)
        with self._errors_for(response.request):
            return attempt.heard(response.status_code, response.headers, url=response.url, error=error)

    def _again(self, hook: Answered, attempt: Attempt, refused: Any, request: Any) -> Any:
        refused.request = request.copy()  # as it was sent
        # In place: a redirect copies the original request, and the next hop must carry the fresh token.
        request.headers.update(attempt.headers)
        hook.sent = attempt
        return once_more(self._library, request, refused)

    def _redirect(self, hook: Answered, response: Any, request: Any) -> None:
        """Prepare the request, of which the library makes the next hop, for where that goes."""
        if not (self._may_leak and response.is_redirect):
            return
        header = self._serving.resource_server.header
        # What a redirect took away stays away, also where the next one stays at its foreign origin.
        carries = request.headers.get(header) == hook.sent.headers[header]
        if not strip_from_redirect(response, request) and self._is_proven and carries:
            with self._errors_for(request):
                hop = next_hop(self._library, response, request)
                request.headers.update(self._serving.present(*hop, hook.sent.token).headers)


class Answered:
    """The response hook of one request: the library keeps it with every copy of that for a redirect."""

    __slots__ = ("auth", "sent")

    def __init__(self, auth: PreparedAuth, sent: Presentation | Attempt) -> None:
        self.auth, self.sent = auth, sent

    def __call__(self, response: Any, **how: Any) -> Any:
        auth = self.auth  # the hot path: an answer that changes nothing
        if not auth._may_leak and auth._serving.settled(response.status_code):  # noqa: SLF001 - its own object
            return response
        return auth.hear(self, response, how)

    async def answered(self, response: Any, **how: Any) -> Any:
        auth = self.auth  # the hot path: an answer that changes nothing
        if not auth._may_leak and auth._serving.settled(response.status_code):  # noqa: SLF001 - its own object
            return response
        return await auth.ahear(self, response, how)

    def __reduce__(self) -> tuple[type[object], tuple[()]]:
        """Pickle to nothing: a pickled response carries its request, and that its hooks."""
        return NoHook, ()


def _following(refused: Any, again: Any, response: Any, start: float) -> Any:
    response.elapsed = timedelta(seconds=perf_counter() - start)
    response.history.append(refused)
    response.request = again
    return response

"""One request and its attempts, between an HTTP library and a token source; an answer that a redirect brought from
outside the API is no refusal.

A request goes at most three times: once, once more with the same token where its proof was stale (RFC 9449 §8), and
once more with another token where the API refused the first. Each reason counts once, in either order. The loop decides
and never sends. It holds nothing that has to be closed, so it may be left at any point.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol, TypeAlias

from oauth_cc_auth._http.headers import field_of
from oauth_cc_auth._http.hidden import HandedOut, Hidden, hidden
from oauth_cc_auth._http.origin import same_origin, same_resource
from oauth_cc_auth._resource_server.error_format import ApiError
from oauth_cc_auth._resource_server.presentation import Presentation, Presenter, own_headers
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth._resource_server.verdict import Verdict, refuses
from oauth_cc_auth._token import Token

log = logging.getLogger("oauth_cc_auth")

# What an answer's body says: known already, or read where it matters.
Said: TypeAlias = "ApiError | Callable[[], ApiError] | None"

# Once it was redirected, a request may begin anew for these alone: any other may have changed something on its way
# (RFC 9110 §9.2.1).
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Source(Protocol):
    """What the loop needs of a TokenSource, which documents it."""

    @property
    def resource_server(self) -> ResourceServer: ...
    @property
    def presenter(self) -> Presenter: ...
    def admit(self, url: str, token: Token | None = None) -> None: ...
    def obtain(self, library: str | None) -> Token: ...
    async def aobtain(self, library: str | None) -> Token: ...
    def prefetch(self, library: str | None) -> None: ...
    def present(self, method: str, url: str, token: Token, place: object = None) -> Presentation: ...
    def refused(self, token: Token, status: int | None, url: str | None) -> bool: ...
    def accept(self, token: Token) -> None: ...


class Attempt:
    """One send of a request: set `headers` on it, send it, and tell `heard` what came back.

    `headers` presents the token, and holds those `ResourceServer.headers` that the caller has not set. Its values do
    not print, and cannot be pickled.
    """

    __slots__ = ("_loop", "headers", "token", "verdict")

    def __init__(self, loop: Attempts, token: Token, headers: Mapping[str, str]) -> None:
        """Made by the loop."""
        self._loop, self.token, self.headers = loop, token, headers
        # What becomes of the request; None until an answer was heard.
        self.verdict: Verdict | None = None

    def heard(self, status: int, headers: Mapping[str, Any], *, url: object = None, error: Said = None) -> bool:
        """Take note of the answer to this attempt; return whether the request may go once more.

        Call it only where the request carried `headers`; a second call changes nothing. After True, read or close the
        answer and go on with the loop, which sends once more unless no other token comes: keep the answer until then.

        `headers` are those of the answer; where the mapping has ``getall``, ``get_all`` or ``get_list``, every field
        counts. `url` is where the answer came from, if redirects were followed. `error` is what the body says, as
        `grant.api_error(response)` returns it, or a function that returns that and is called only where it matters; if
        it raises, the answer stands as it is.
        """
        if self.verdict is None:
            self.verdict = self._loop.judge(self, status, headers, None if url is None else str(url), error)
        return self.verdict is not Verdict.SETTLED


class Attempts:
    """The attempts of one request: iterate with ``for``, ``async for``, ``next()`` or ``anext()``.

    The first iteration raises OriginNotAllowed or InsecureTransport before a token is requested; each raises an
    OAuthError where no token comes. The loop ends after an answer that is no refusal, that was not heard, or after
    which nothing else can be sent. One object is one request: to iterate it again raises RuntimeError.
    """

    __slots__ = (
        *("_before", "_begun", "_kind", "_last", "_library", "_method", "_place", "_reasons", "_replayable", "_set"),
        *("_source", "_url"),
    )

    def __init__(
        self,
        source: Source,
        method: str,
        url: str,
        *,
        headers: Iterable[str] | None = None,
        replayable: bool | Callable[[], bool] = True,
        library: str | None = None,
        place: object = None,
        kind: type[Hidden] = HandedOut,
    ) -> None:
        """Prepare; nothing is sent and nothing raised yet. The first six are those of `TokenSource.attempts`.

        `place` names the URL's origin in the source's memory of what it admitted; `kind` is how the headers hide.
        """
        self._source, self._method, self._url = source, method, url
        self._set = frozenset(name.lower() for name in headers or ())
        self._replayable, self._library = replayable, library
        self._place, self._kind = place, kind
        self._begun = False
        self._before: Attempt | None = None
        self._last: Attempt | None = None
        self._reasons: set[Verdict] = set()

    def __iter__(self) -> Attempts:
        """Return itself. Raises RuntimeError once it has begun."""
        if self._begun:
            message = "these attempts were iterated already: call attempts() once for each request"
            raise RuntimeError(message)
        return self

    __aiter__ = __iter__

    def __next__(self) -> Attempt:
        """Return the next attempt; wait for its token in this thread."""
        if self._goes_on():
            attempt = self._made(self._kept() or self._source.obtain(self._library))
            if attempt is not None:
                return attempt
        raise StopIteration

    async def __anext__(self) -> Attempt:
        """Return the next attempt; wait for its token in this task."""
        if self._goes_on():
            attempt = self._made(self._kept() or await self._source.aobtain(self._library))
            if attempt is not None:
                return attempt
        raise StopAsyncIteration

    def resume(self, token: Token, headers: Mapping[str, str]) -> Attempt:
        """Return the first attempt as one that was sent already, with these headers."""
        self._begun = True
        self._last = Attempt(self, token, headers)
        return self._last

    def judge(self, sent: Attempt, status: int, headers: Mapping[str, Any], url: str | None, error: Said) -> Verdict:
        """Return what an answer means for the request, and let the source and its presenter know."""
        source, token, here = self._source, sent.token, url or self._url
        moved = not same_resource(here, self._url)
        if self._is_foreign(here, token, moved=moved):
            return Verdict.SETTLED  # our token was not what it answered
        header = partial(field_of, headers)
        if source.presenter.heard(here, status, header, sent.headers):
            return self._once(Verdict.AGAIN, moved=moved)
        if not self._refused(status, header("WWW-Authenticate"), error):
            if status < 500:
                source.accept(token)
            return Verdict.SETTLED
        return self._once(Verdict.RENEW, moved=moved) if source.refused(token, status, here) else Verdict.SETTLED

    def _goes_on(self) -> bool:
        """Tell whether there is another attempt; where it fails, the loop has ended."""
        self._before, self._last = self._last, None
        if not self._begun:
            self._begun = True
            self._source.admit(self._url)
            return True
        return self._before is not None and self._before.verdict in {Verdict.RENEW, Verdict.AGAIN}

    def _kept(self) -> Token | None:
        """Return the token of the attempt before, if only its proof was stale."""
        before = self._before
        return before.token if before is not None and before.verdict is Verdict.AGAIN else None

    def _made(self, token: Token) -> Attempt | None:
        """Return the attempt with this token; None if it is the one that was refused."""
        before = self._before
        if before is not None and before.verdict is Verdict.RENEW and before.token.access_token == token.access_token:
            return None
        presentation = self._source.present(self._method, self._url, token, self._place)
        headers = {**own_headers(self._source.resource_server, self._set), **presentation.headers}
        self._last = Attempt(self, token, hidden(headers, self._kind))
        return self._last

    def _is_foreign(self, here: str, token: Token, *, moved: bool) -> bool:
        """Tell whether this is no place of the API; where none is named, whether it is another than was asked."""
        server = self._source.resource_server
        known = server.may_receive if not moved or same_origin(here, self._url) else server.names
        return not known(here, token)

    def _refused(self, status: int, challenge: str | None, error: Said) -> bool:
        source = self._source
        said = error if error is None or callable(error) else lambda: error
        try:
            return refuses(source.resource_server, source.presenter.scheme, status, challenge, said)
        except Exception as failure:  # noqa: BLE001 - a user's function may raise anything, and the answer is there
            log.warning("judging an answer failed (%s), so the answer stands as it is", type(failure).__name__)
            return False

    def _once(self, reason: Verdict, *, moved: bool) -> Verdict:
        """Return the verdict if the request may go once more for it."""
        if reason in self._reasons:
            return Verdict.SETTLED
        self._reasons.add(reason)
        again = self._replayable
        if moved and self._method.upper() not in _SAFE:
            again = False
        if again() if callable(again) else again:
            return reason
        if reason is Verdict.RENEW:
            self._source.prefetch(self._library)
        return Verdict.SETTLED

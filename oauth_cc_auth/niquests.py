"""NiquestsAuth for a Session of niquests, AsyncNiquestsAuth for an AsyncSession: ``auth=NiquestsAuth(grant)``; what
both do is in `_prepared`.

niquests calls an async auth object for an AsyncSession alone: another session would send the request without a token.
Neither is told which session it is for, so both look who has called them.
"""

from __future__ import annotations

import asyncio
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from oauth_cc_auth._text import needs

try:
    import niquests
except ImportError as error:  # pragma: no cover - tried in an interpreter of its own by tests/package/test_import.py
    message = needs("NiquestsAuth", "niquests", "niquests")
    raise ImportError(message) from error

from oauth_cc_auth._http.quiet_logs import hide_headers
from oauth_cc_auth._prepared import Answered, PreparedAuth
from oauth_cc_auth._raising import raised_as
from oauth_cc_auth._source import TIMEOUT, TokenSource, source_of
from oauth_cc_auth.errors import ConfigurationError

if TYPE_CHECKING:
    import httpx
    import requests

    from oauth_cc_auth._attempts import Attempt
    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth._resource_server.presentation import Presentation
    from oauth_cc_auth.stores import TokenStore

_R = TypeVar("_R")

_ASYNC = niquests.AsyncSession.request.__code__
_PREPARE = niquests.PreparedRequest.prepare_auth.__code__

# Calls between a session and its auth object: three, and as many of a user's own subclasses.
_DEPTH = 6


class _NiquestsAuth(PreparedAuth):
    """What both have in common."""

    _library = niquests

    def __init__(
        self,
        grant: Grant | TokenSource,
        /,
        *,
        store: TokenStore | None = None,
        session: requests.Session | None = None,
        client: httpx.Client | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Prepare; nothing is sent yet. Raises ConfigurationError, naming the argument."""
        self._open(source_of(grant, store=store, session=session, client=client, timeout=timeout))

    def _open(self, source: TokenSource) -> None:
        super()._open(source)
        hide_headers()  # where it runs in Python alone, jh2 logs Authorization as well


class NiquestsAuth(_NiquestsAuth):
    """Authenticate requests of a niquests.Session with a token that is fetched once, shared, and renewed in time.

    Takes a grant, such as ``presets.vainu()``, or a `TokenSource`. `store`, `session` (a requests.Session) or `client`
    (an httpx.Client) and `timeout` are those of `TokenSource`. Its errors are OAuthErrors and
    ``niquests.RequestException`` at once. Where the API refuses the token, the request goes once more with a fresh one;
    the first answer then stands in ``response.history``.
    """

    def __call__(self, r: _R, *_: object) -> _R:
        """Present the token, and look at the answer when it comes. Raises ConfigurationError for an AsyncSession."""
        # Where no event loop runs there is none; to look for it among the callers costs more than all else here.
        if asyncio._get_running_loop() is not None and _is_async(sys._getframe(1)):  # noqa: SLF001 - see above
            message = "NiquestsAuth is for niquests.Session, and this is an AsyncSession: use AsyncNiquestsAuth."
            with self._errors_for(r):
                raise ConfigurationError(message)
        return super().__call__(r)


class AsyncNiquestsAuth(_NiquestsAuth):
    """The same for a niquests.AsyncSession: waiting for a token suspends the task."""

    async def __call__(self, r: Any, *_: object) -> Any:  # type: ignore[override]  # for another kind of session
        """Present the token, and look at the answer when it comes."""
        if not isinstance(r, niquests.PreparedRequest):
            raise self._wrong_library("niquests", r)
        url = r.url or ""  # see NiquestsAuth's base
        path = url.find("/", 8)
        sent: Presentation | Attempt | None = self._serving.ready(url if path < 0 else url[:path])
        if sent is None or self._has_more:
            with self._errors_for(r):
                sent = await anext(self._attempts(r))
        headers: Any = r.headers  # it is prepared
        for name, value in sent.headers.items():
            headers[name] = value
        r.hooks["response"].append(Answered(self, sent).answered)  # type: ignore[arg-type]  # it may be awaited
        return r

    def __bool__(self) -> bool:
        """Be true; raise ConfigurationError where a request is prepared that nobody would await this object for."""
        caller = sys._getframe(1)  # noqa: SLF001 - see above
        if caller.f_code is _PREPARE and not _is_async(caller):
            message = (
                "AsyncNiquestsAuth is for requests that a niquests.AsyncSession makes itself: use NiquestsAuth with a "
                "Session, and AsyncSession.request() or get() in the place of prepare_request() and send()."
            )
            with raised_as(niquests.RequestException, lambda: None):
                raise ConfigurationError(message)
        return True


def _is_async(frame: FrameType | None) -> bool:
    """Tell whether an AsyncSession is among those that have called."""
    for _ in range(_DEPTH):
        if frame is None or frame.f_code is _ASYNC:
            break
        frame = frame.f_back
    return frame is not None and frame.f_code is _ASYNC

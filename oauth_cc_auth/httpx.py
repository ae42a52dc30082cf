"""The door for httpx and httpx2: ``auth=HttpxAuth(grant)``, for clients and async clients, on asyncio and trio."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

from oauth_cc_auth._http.by_httpx import (
    LIBRARIES,
    adrain,
    drain,
    library_of,
    origin,
    read,
    replayable,
    set_by_us,
    set_unless_caller_did,
    take_cookies,
)
from oauth_cc_auth._http.headers import written
from oauth_cc_auth._http.hidden import Presented, hidden
from oauth_cc_auth._raising import raised_as
from oauth_cc_auth._source import TIMEOUT, TokenSource, source_of

if TYPE_CHECKING:
    import httpx

    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth._token import Token
    from oauth_cc_auth.stores import TokenStore

    _Auth = httpx.Auth
else:
    _Auth = object

if not any(name in sys.modules or find_spec(name) for name in LIBRARIES):  # pragma: no cover - as in requests.py
    message = 'HttpxAuth needs httpx: pip install "oauth-cc-auth[httpx]", or "oauth-cc-auth[httpx2]"'
    raise ImportError(message)


class HttpxAuth(_Auth):
    """Authenticate requests with a token that is fetched once, shared, and renewed before anybody waits.

    Takes a grant, such as ``presets.vainu()``, or a `TokenSource`. `store`, `client` (a plain httpx.Client, also where
    the API is called by an AsyncClient) and `timeout` are those of `TokenSource`. Its errors are OAuthErrors and
    ``httpx.HTTPError`` at once. Where the API refuses the token, the request goes once more with a fresh one; the first
    answer then stands in ``response.history``.
    """

    # The class as it was written, before `__init__` made it that of a library.
    _declared: ClassVar[type[HttpxAuth]]

    def __init__(
        self,
        grant: Grant | TokenSource,
        /,
        *,
        store: TokenStore | None = None,
        client: httpx.Client | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Prepare; nothing is sent yet. Raises ConfigurationError, naming the argument."""
        # An httpx.Auth, an httpx2.Auth, or both: whatever is imported by now. Neither library takes the other's.
        loaded = [name for name in LIBRARIES if name in sys.modules] or [n for n in LIBRARIES if find_spec(n)][:1]
        self.__class__ = _as_auth_of(type(self), *loaded)  # type: ignore[arg-type]  # classes are hashable
        self._source = source_of(grant, store=store, client=client, timeout=timeout)
        self._live = self._source._live  # noqa: SLF001 - the doors read it on every call
        self._server = self._source.resource_server
        self._header = self._server.header
        # What needs a look at every answer, and at every request; on the hot path, the absence of both costs nothing.
        self._may_leak = self._header.lower() != "authorization"
        self._extra = dict(self._server.headers)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Present the token, look at the answer, and answer a refusal with a fresh token, once."""
        value = self._ready(request)
        if value is None:
            with self._errors_for(request):
                self._source.admit(str(request.url))
                value = self._presented(self._source.obtain(library_of(request)), request)
        self._present(request, value)
        response = yield request
        if response.status_code in self._server.renew_on or self._live.unsettled or self._may_leak:
            if self._must_read(response):
                read(response)
            again = self._to_send_again(response, value)
            if again is not None:
                drain(response)
                with self._errors_for(again):
                    fresh = self._presented(self._source.obtain(library_of(again)), again)
                if fresh != value:
                    self._renew(again, response, fresh)
                    response = yield again
                    if self._must_read(response):
                        read(response)
                    self._take_note(response, fresh)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Do the same; only the waiting differs."""
        value = self._ready(request)
        if value is None:
            with self._errors_for(request):
                self._source.admit(str(request.url))
                value = self._presented(await self._source.aobtain(library_of(request)), request)
        self._present(request, value)
        response = yield request
        if response.status_code in self._server.renew_on or self._live.unsettled or self._may_leak:
            if self._must_read(response):
                await response.aread()
            again = self._to_send_again(response, value)
            if again is not None:
                await adrain(response)
                with self._errors_for(again):
                    fresh = self._presented(await self._source.aobtain(library_of(again)), again)
                if fresh != value:
                    self._renew(again, response, fresh)
                    response = yield again
                    if self._must_read(response):
                        await response.aread()
                    self._take_note(response, fresh)

    auth_flow = sync_auth_flow  # for whoever composes flows by httpx's older name

    def _ready(self, request: httpx.Request) -> Presented | None:
        url = request.url
        return self._source.ready((url.raw_scheme, url.raw_host, url.port))

    def _presented(self, token: Token, request: httpx.Request) -> Presented:
        return self._source.presented(token, str(request.url), origin(request.url))

    def _present(self, request: httpx.Request, value: Presented) -> None:
        if self._extra:
            with self._errors_for(request):
                set_unless_caller_did(request, hidden(written(self._extra)))
        request.headers[self._header] = value

    def _must_read(self, response: httpx.Response) -> bool:
        headers = response.headers
        return self._server.must_read(
            response.status_code, headers.get("Content-Type", ""), headers.get("Content-Length")
        )

    def _to_send_again(self, response: httpx.Response, sent: Presented) -> httpx.Request | None:
        """Return the request that is worth sending again with a fresh token: after redirects, the redirected one."""
        request = response.request
        if not self._refused(response, sent) or not self._source.reject(_token_of(sent)):
            return None
        if not replayable(request):
            self._source.prefetch(library_of(request))
            return None
        return request

    def _renew(self, request: httpx.Request, refused: httpx.Response, fresh: Presented) -> None:
        with self._errors_for(request):
            request.headers.update(self._server.made_anew(set_by_us(request)))
        request.headers[self._header] = fresh
        take_cookies(request, refused)

    def _take_note(self, response: httpx.Response, sent: Presented) -> None:
        if self._refused(response, sent):
            self._source.reject(_token_of(sent))

    def _refused(self, response: httpx.Response, sent: Presented) -> bool:
        request, token = response.request, _token_of(sent)
        if self._may_leak and self._has_leaked(response, sent):
            return False
        if request.headers.get(self._header) != sent:
            return False
        return self._source.refused(token, response)

    def _has_leaked(self, response: httpx.Response, sent: Presented) -> bool:
        """Tell whether a redirect carried a token in its own header to another origin; httpx lets nobody in between."""
        hops = [hop.request for hop in (*response.history, response)]
        carried = [hop.url for hop in hops if hop.headers.get(self._header) == sent]
        home = origin(hops[0].url)
        token = _token_of(sent)
        foreign = [url for url in carried if origin(url) != home and not self._server.names(str(url), token)]
        if foreign:
            self._source.disown(token, foreign[0].host)
        return bool(foreign)

    def _errors_for(self, request: httpx.Request) -> AbstractContextManager[None]:
        library = sys.modules[library_of(request)]
        # A copy without headers and body: an exception is logged, and these hold the token.
        return raised_as(library.HTTPError, lambda: library.Request(request.method, request.url))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy without the token, and with what a subclass has added, whose `__init__` is not called."""
        ours = vars(HttpxAuth(self._source))
        added = {name: value for name, value in vars(self).items() if name not in ours}
        return _remade, (self._declared, self._source), added

    def __repr__(self) -> str:
        """Show the grant, which shows no secret."""
        return f"HttpxAuth({self._source.grant!r})"


def _remade(cls: type[HttpxAuth], source: TokenSource) -> HttpxAuth:
    auth = object.__new__(cls)
    HttpxAuth.__init__(auth, source)
    return auth


@cache
def _as_auth_of(cls: type[HttpxAuth], *libraries: str) -> type[HttpxAuth]:
    # After httpx2.alias_httpx() both names lead to one class.
    bases = dict.fromkeys(import_module(name).Auth for name in libraries)
    members = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__, "_declared": cls}
    return type(cls.__name__, (cls, *bases), members)


def _token_of(sent: Presented) -> Any:
    return sent.token

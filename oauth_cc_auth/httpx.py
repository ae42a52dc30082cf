"""HttpxAuth for httpx and httpx2: ``auth=HttpxAuth(grant)``, for clients and async clients, on asyncio and trio."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractContextManager
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from types import MethodType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

from oauth_cc_auth._attempts import Attempt, Attempts
from oauth_cc_auth._auth import Auth
from oauth_cc_auth._http.hidden import Hidden
from oauth_cc_auth._http.httpx_messages import (
    LIBRARIES,
    adrain,
    apeek,
    content,
    cut,
    drain,
    kit_of,
    origin,
    peek,
    replayable,
    set_by_caller,
    twin,
)
from oauth_cc_auth._http.httpx_trace import AsyncTrace, Trace
from oauth_cc_auth._http.origin import has_origin
from oauth_cc_auth._raising import raised_as
from oauth_cc_auth._resource_server.verdict import must_read
from oauth_cc_auth._source import TIMEOUT, TokenSource, source_of
from oauth_cc_auth._text import needs

if TYPE_CHECKING:
    import httpx
    import httpx2

    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth._resource_server.presentation import Presentation
    from oauth_cc_auth.stores import TokenStore

    class _Auth(httpx.Auth, httpx2.Auth):  # type: ignore[misc]  # two libraries with one interface
        """Either library's, for type checkers."""
else:
    _Auth = object

if not any(name in sys.modules or find_spec(name) for name in LIBRARIES):  # pragma: no cover - as in requests.py
    message = needs("HttpxAuth", "httpx", "httpx", "httpx2")
    raise ImportError(message)


class _Signature:
    """What the class takes, for help() and completion: `__new__` takes anything, as a subclass may."""

    def __get__(self, instance: object, cls: Any) -> object:
        from inspect import signature  # noqa: PLC0415 - only for those who ask

        if instance is not None:
            raise AttributeError
        return signature(MethodType(cls.__init__, cls))


class HttpxAuth(Auth, _Auth):
    """Authenticate requests with a token that is fetched once, shared, and renewed before anybody waits.

    Takes a grant, such as ``presets.vainu()``, or a `TokenSource`. `store`, `client` (a plain httpx.Client, also where
    the API is called by an AsyncClient) and `timeout` are those of `TokenSource`. Its errors are OAuthErrors and
    ``httpx.HTTPError`` at once. Where the API refuses the token, the request goes once more with a fresh one; the first
    answer then stands in ``response.history``.
    """

    __signature__ = _Signature()

    def __new__(cls, *_: object, **__: object) -> HttpxAuth:  # noqa: PYI034 - it makes another class
        """Make it an httpx.Auth, an httpx2.Auth, or both: whatever is imported by now. Neither takes the other's."""
        loaded = [name for name in LIBRARIES if name in sys.modules] or [n for n in LIBRARIES if find_spec(n)][:1]
        return object.__new__(_as_auth_of(cls, *loaded))  # type: ignore[arg-type]  # classes are hashable

    def __init__(
        self,
        grant: Grant | TokenSource,
        /,
        *,
        store: TokenStore | None = None,
        client: httpx.Client | httpx2.Client | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Prepare; nothing is sent yet. Raises ConfigurationError, naming the argument."""
        self._open(source_of(grant, store=store, client=client, timeout=timeout))

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """Present the token, look at the answer, and answer a refusal with a fresh token, once."""
        url = getattr(request.url, "_uri_reference", request.url)  # see `origin`, whose call is saved here
        sent: Presentation | Attempt | None = self._serving.ready((url.scheme, url.host, url.port))
        if sent is None or self._has_more:
            with _errors_for(request):
                sent = next(self._attempts(request))
        for name, value in sent.headers.items():
            request.headers[name] = value
        trace = self._traced(request, sent, Trace) if self._may_leak else None
        try:
            response = yield request
        except GeneratorExit as ending:
            self._hear_of(ending.__context__, sent, trace)
            raise
        if not self._serving.settled(response.status_code) or (trace and response.history):
            request = response.request  # after redirects, the redirected one
            loop, attempt = self._resumed(request, sent)
            while attempt is not None:
                at_hand = self._must_read(response) and peek(response)
                if not self._heard(attempt, response, trace, at_hand=at_hand):
                    return
                drain(response)
                with _errors_for(request):
                    attempt = next(loop, None)
                if attempt is not None:
                    if cut(response):
                        response.close()
                    response = yield twin(request, attempt.headers, response)

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        """Do the same; only the waiting differs."""
        url = getattr(request.url, "_uri_reference", request.url)  # see `origin`, whose call is saved here
        sent: Presentation | Attempt | None = self._serving.ready((url.scheme, url.host, url.port))
        if sent is None or self._has_more:
            with _errors_for(request):
                sent = await anext(self._attempts(request))
        for name, value in sent.headers.items():
            request.headers[name] = value
        trace = self._traced(request, sent, AsyncTrace) if self._may_leak else None
        response = yield request
        if not self._serving.settled(response.status_code) or (trace and response.history):
            request = response.request
            loop, attempt = self._resumed(request, sent)
            while attempt is not None:
                at_hand = self._must_read(response) and await apeek(response)
                if not self._heard(attempt, response, trace, at_hand=at_hand):
                    return
                await adrain(response)
                with _errors_for(request):
                    attempt = await anext(loop, None)
                if attempt is not None:
                    if cut(response):
                        await response.aclose()
                    response = yield twin(request, attempt.headers, response)

    auth_flow = sync_auth_flow  # for those who compose flows by httpx's older name

    def __call__(self, request: object, *_: object) -> NoReturn:
        """Refuse a library that calls its auth objects."""
        raise self._wrong_library("httpx and httpx2", request)

    def _traced(self, request: Any, sent: Presentation | Attempt, traced: type[Trace]) -> Trace:
        source, token = self._serving, sent.token
        present = (lambda method, url: source.present(method, url, token).headers) if self._is_proven else None
        return traced(request, lambda url: source.resource_server.names(url, token), present)

    def _attempts(self, request: Any, **settings: Any) -> Attempts:
        return Attempts(
            *(self._serving, request.method, str(request.url)),
            library=kit_of(request).name,
            place=origin(request.url),
            headers=set_by_caller(request),
            kind=Hidden,
            **settings,
        )

    def _resumed(self, request: Any, sent: Presentation | Attempt) -> tuple[Attempts, Attempt | None]:
        loop = self._attempts(request, replayable=partial(replayable, request))
        return loop, loop.resume(sent.token, sent.headers)

    def _must_read(self, response: Any) -> bool:
        headers = response.headers
        kind, length = headers.get("Content-Type", ""), headers.get("Content-Length")
        return must_read(self._serving.resource_server, response.status_code, kind, length)

    def _heard(self, attempt: Attempt, response: Any, trace: Trace | None, *, at_hand: bool) -> bool:
        request, header, source = response.request, self._serving.resource_server.header, self._serving
        sent = attempt.headers[header]
        for hop in (*response.history, response) if trace else ():
            if trace and trace.leaked(hop.request, header, sent):
                source.disown(attempt.token, hop.request.url.host)
                return False
        if request.headers.get(header) != sent:
            return False  # a redirect took the token away
        # Without its body, unless it is at hand: what judges the response itself would read it, however long it is.
        said = SimpleNamespace(status_code=response.status_code, headers=response.headers, url=request.url)
        said.content = content(response) if at_hand else b""
        with _errors_for(request):
            error = partial(source.grant.api_error, said)
            return attempt.heard(response.status_code, response.headers, url=request.url, error=error)

    def _hear_of(self, raised: BaseException | None, sent: Presentation | Attempt, trace: Trace | None) -> None:
        """Judge the answer for which a response hook of the client has raised: its flow ends here, and is not sent."""
        response = getattr(raised, "response", None)
        if response is not None and not self._serving.settled(response.status_code):
            loop = self._attempts(response.request, replayable=False)
            self._heard(loop.resume(sent.token, sent.headers), response, trace, at_hand=False)


def _errors_for(request: Any) -> AbstractContextManager[None]:
    library = kit_of(request).library
    # What the library itself says of a URL that it cannot send to.
    error = library.HTTPError if has_origin(str(request.url)) else library.UnsupportedProtocol
    # A copy without headers and body: an exception is logged, and these hold the token.
    return raised_as(error, lambda: type(request)(request.method, request.url))


@cache
def _as_auth_of(cls: type[HttpxAuth], *libraries: str) -> type[HttpxAuth]:
    written = vars(cls).get("_made_of", cls)
    # After httpx2.alias_httpx() both names lead to one class.
    bases = dict.fromkeys(import_module(name).Auth for name in libraries)
    if all(issubclass(cls, base) for base in bases):
        return cls
    members = {name: getattr(written, name) for name in ("__module__", "__qualname__", "__doc__")}
    return type(written.__name__, (written, *bases), {**members, "_made_of": written})

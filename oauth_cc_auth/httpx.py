"""The door for httpx and httpx2: ``auth=HttpxAuth(grant)``, for clients and async clients, on asyncio and trio."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractContextManager
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from oauth_cc_auth._attempts import Attempt, Attempts
from oauth_cc_auth._http.by_httpx import LIBRARIES, adrain, drain, kit_of, origin, read, replayable, set_by_caller, twin
from oauth_cc_auth._http.hidden import Hidden
from oauth_cc_auth._raising import raised_as
from oauth_cc_auth._resource_server.verdict import must_read
from oauth_cc_auth._source import TIMEOUT, TokenSource, source_of

if TYPE_CHECKING:
    import httpx

    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth._resource_server.presentation import Presentation
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
        client: httpx.Client | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Prepare; nothing is sent yet. Raises ConfigurationError, naming the argument."""
        self._source = source_of(grant, store=store, client=client, timeout=timeout)
        server = self._source.resource_server
        self._has_more = bool(server.headers)
        # httpx takes nothing but Authorization from a redirect to another host.
        self._may_leak = server.header.lower() != "authorization"

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Present the token, look at the answer, and answer a refusal with a fresh token, once."""
        url = request.url
        sent: Presentation | Attempt | None = self._source.ready((url.raw_scheme, url.raw_host, url.port))
        if sent is None or self._has_more:
            with _errors_for(request):
                sent = next(self._attempts(request))
        for name, value in sent.headers.items():
            request.headers[name] = value
        response = yield request
        if self._may_leak or not self._source.settled(response.status_code):
            request = response.request  # after redirects, the redirected one
            loop, attempt = self._resumed(request, sent)
            while attempt is not None:
                if self._must_read(response):
                    read(response)
                if not self._heard(attempt, response):
                    return
                drain(response)
                with _errors_for(request):
                    attempt = next(loop, None)
                if attempt is not None:
                    response = yield twin(request, attempt.headers, response)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Do the same; only the waiting differs."""
        url = request.url
        sent: Presentation | Attempt | None = self._source.ready((url.raw_scheme, url.raw_host, url.port))
        if sent is None or self._has_more:
            with _errors_for(request):
                sent = await anext(self._attempts(request))
        for name, value in sent.headers.items():
            request.headers[name] = value
        response = yield request
        if self._may_leak or not self._source.settled(response.status_code):
            request = response.request
            loop, attempt = self._resumed(request, sent)
            while attempt is not None:
                if self._must_read(response):
                    await response.aread()
                if not self._heard(attempt, response):
                    return
                await adrain(response)
                with _errors_for(request):
                    attempt = await anext(loop, None)
                if attempt is not None:
                    response = yield twin(request, attempt.headers, response)

    auth_flow = sync_auth_flow  # for those who compose flows by httpx's older name

    def _attempts(self, request: httpx.Request) -> Attempts:
        settings: dict[str, Any] = {"headers": set_by_caller(request), "replayable": partial(replayable, request)}
        return Attempts(
            *(self._source, request.method, str(request.url)),
            library=kit_of(request).name,
            place=origin(request.url),
            kind=Hidden,
            **settings,
        )

    def _resumed(self, request: httpx.Request, sent: Presentation | Attempt) -> tuple[Attempts, Attempt | None]:
        loop = self._attempts(request)
        return loop, loop.resume(sent.token, sent.headers)

    def _must_read(self, response: httpx.Response) -> bool:
        headers = response.headers
        kind, length = headers.get("Content-Type", ""), headers.get("Content-Length")
        return must_read(self._source.resource_server, response.status_code, kind, length)

    def _heard(self, attempt: Attempt, response: httpx.Response) -> bool:
        request, header = response.request, self._source.resource_server.header
        sent = attempt.headers[header]
        if self._may_leak and self._has_leaked(response, attempt, sent):
            return False
        if request.headers.get(header) != sent:
            return False  # a redirect took the token away
        said = partial(self._source.grant.api_error, response)
        with _errors_for(request):
            return attempt.heard(response.status_code, response.headers, url=request.url, error=said)

    def _has_leaked(self, response: httpx.Response, attempt: Attempt, sent: str) -> bool:
        """Tell whether a redirect carried a token in its own header to another origin; httpx lets nobody in between."""
        header, server = self._source.resource_server.header, self._source.resource_server
        hops = [hop.request for hop in (*response.history, response)]
        carried = [hop.url for hop in hops if hop.headers.get(header) == sent]
        home = origin(hops[0].url)
        foreign = [url for url in carried if origin(url) != home and not server.names(str(url), attempt.token)]
        if foreign:
            self._source.disown(attempt.token, foreign[0].host)
        return bool(foreign)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy without the token, and with what a subclass has added, whose `__init__` is not called."""
        cls = type(self)
        ours = vars(HttpxAuth(self._source))
        added = {name: value for name, value in vars(self).items() if name not in ours}
        return _remade, (vars(cls).get("_made_of", cls), self._source), added

    def __repr__(self) -> str:
        """Show the grant, which shows no secret."""
        return f"HttpxAuth({self._source.grant!r})"


def _errors_for(request: httpx.Request) -> AbstractContextManager[None]:
    # A copy without headers and body: an exception is logged, and these hold the token.
    return raised_as(kit_of(request).error, lambda: type(request)(request.method, request.url))


def _remade(cls: type[HttpxAuth], source: TokenSource) -> HttpxAuth:
    auth = HttpxAuth.__new__(cls)
    HttpxAuth.__init__(auth, source)
    return auth


@cache
def _as_auth_of(cls: type[HttpxAuth], *libraries: str) -> type[HttpxAuth]:
    written = vars(cls).get("_made_of", cls)
    # After httpx2.alias_httpx() both names lead to one class.
    bases = dict.fromkeys(import_module(name).Auth for name in libraries)
    if all(issubclass(cls, base) for base in bases):
        return cls
    members = {name: getattr(written, name) for name in ("__module__", "__qualname__", "__doc__")}
    return type(written.__name__, (written, *bases), {**members, "_made_of": written})

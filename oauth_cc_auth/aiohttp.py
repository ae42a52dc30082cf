"""AiohttpAuth for aiohttp: ``aiohttp.ClientSession(middlewares=[AiohttpAuth(grant)])``; each hop of a redirect passes
here, and one that leaves the API goes without the token.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from oauth_cc_auth._text import needs

try:
    import aiohttp
    from aiohttp import ClientRequest, ClientResponse
except ImportError as error:  # pragma: no cover - tried in an interpreter of its own by tests/package/test_import.py
    message = needs("AiohttpAuth", "aiohttp 3.12 or newer", "aiohttp")
    raise ImportError(message) from error

from oauth_cc_auth._attempts import Attempt, Attempts
from oauth_cc_auth._auth import Auth
from oauth_cc_auth._http.aiohttp_messages import (
    REDIRECTS,
    asked_at_first,
    body_of,
    drain,
    place_of,
    remembered,
    replayable,
    set_by_caller,
)
from oauth_cc_auth._http.hidden import Hidden
from oauth_cc_auth._http.origin import same_origin
from oauth_cc_auth._raising import raised_as
from oauth_cc_auth._resource_server.verdict import must_read
from oauth_cc_auth._source import TIMEOUT, TokenSource, source_of
from oauth_cc_auth.errors import ConfigurationError, InsecureTransport, OriginNotAllowed

if TYPE_CHECKING:
    import httpx
    import httpx2
    import requests

    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth._resource_server.presentation import Presentation
    from oauth_cc_auth.stores import TokenStore


class AiohttpAuth(Auth):
    """Authenticate requests of an aiohttp session with a token that is fetched once, shared, and renewed in time.

    Takes a grant, such as ``presets.zoom()``, or a `TokenSource`. `store`, `session` (a requests.Session) or `client`
    (an httpx.Client) and `timeout` are those of `TokenSource`. Its errors are OAuthErrors and ``aiohttp.ClientError``
    at once. Where the API refuses the token, the request goes once more with a fresh one, unless its body was a
    generator.
    """

    def __init__(
        self,
        grant: Grant | TokenSource,
        /,
        *,
        store: TokenStore | None = None,
        session: requests.Session | None = None,
        client: httpx.Client | httpx2.Client | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Prepare; nothing is sent yet. Raises ConfigurationError, naming the argument."""
        self._open(source_of(grant, store=store, session=session, client=client, timeout=timeout))

    def __call__(
        self, request: ClientRequest, handler: Callable[[ClientRequest], Awaitable[ClientResponse]] | None = None
    ) -> Awaitable[ClientResponse]:
        """Send a request with the token, and once more with a fresh one if the API refuses it."""
        if handler is None:
            message = (
                "AiohttpAuth is a middleware: pass aiohttp.ClientSession(middlewares=[AiohttpAuth(grant)]). "
                "With requests use RequestsAuth, with httpx HttpxAuth."
            )
            raise ConfigurationError(message)
        url, sent = request.url, None  # the place as `place_of` says it, whose call is saved here
        if not (self._has_more or (request._traces and asked_at_first(request))):  # noqa: SLF001 - as `asked_at_first`
            sent = self._serving.ready((url.scheme, url.raw_authority))
        return self._send(request, handler) if sent is None else self._send_at_once(request, handler, sent)

    async def _send_at_once(
        self, request: ClientRequest, handler: Callable[[ClientRequest], Awaitable[ClientResponse]], sent: Presentation
    ) -> ClientResponse:
        """Send with the token at hand: the hot path."""
        request.headers.update(sent.headers)
        response = await handler(request)
        if self._serving.settled(response.status) and response.status not in REDIRECTS:
            return response
        return await self._send(request, handler, sent, response)

    async def _send(
        self,
        request: ClientRequest,
        handler: Callable[[ClientRequest], Awaitable[ClientResponse]],
        sent: Presentation | None = None,
        response: ClientResponse | None = None,
    ) -> ClientResponse:
        """Send, or go on from the answer to what was sent with the token at hand."""
        asked = asked_at_first(request)
        if asked and not (self._serving.resource_server.is_pinned or same_origin(str(request.url), asked)):
            return remembered(await handler(request), request)
        loop = self._attempts(request)
        try:
            attempt = loop.resume(sent.token, sent.headers) if sent else await self._next(loop, hop=bool(asked))
            while attempt is not None:
                if response is None:
                    request.headers.update(attempt.headers)
                    response = await handler(request)
                if not await self._heard(attempt, response):
                    break
                await drain(response)
                attempt = await self._next(loop, hop=bool(asked))
                if attempt is not None:
                    response.release()
                    response = None
        except BaseException:
            if response is not None:
                response.close()
            raise
        if response is None:
            response = await handler(request)  # a hop that leaves the API goes on without the token
        return remembered(response, request) if response.status in REDIRECTS else response

    def _attempts(self, request: ClientRequest) -> Attempts:
        settings: dict[str, Any] = {"headers": set_by_caller(request), "replayable": partial(replayable, request)}
        return Attempts(
            self._serving, request.method, str(request.url), place=place_of(request), kind=Hidden, **settings
        )

    async def _next(self, loop: Attempts, *, hop: bool) -> Attempt | None:
        try:
            with raised_as(aiohttp.ClientError, lambda: None):
                return await anext(loop, None)
        except (OriginNotAllowed, InsecureTransport):
            if hop:
                return None
            raise

    async def _heard(self, attempt: Attempt, response: ClientResponse) -> bool:
        status, headers, said = response.status, response.headers, None
        kind, length = headers.get("Content-Type", ""), headers.get("Content-Length")
        # Whether the caller streams is not to be seen, as in httpx; what was read stays there to be read.
        if must_read(self._serving.resource_server, status, kind, length):
            said = await body_of(response)
        # What `api_error` reads; the body only where it decides.
        answer = SimpleNamespace(status_code=status, headers=headers, url=response.url, content=said)
        return attempt.heard(status, headers, error=partial(self._serving.grant.api_error, answer))

"""TokenSource: the public handle on a live token.

The token is shared with every source of an equal grant. What belongs to this handle alone is the API that the token
may go to, and how a token request is sent from here: a pin is never widened, nor a timeout stretched, by somebody
else's.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from oauth_cc_auth._attempts import Attempts
from oauth_cc_auth._handle import TIMEOUT, wall_clock
from oauth_cc_auth._http.hidden import HandedOut, hidden
from oauth_cc_auth._obtaining import PATIENCE
from oauth_cc_auth._resource_server.presentation import check_presentable, own_headers
from oauth_cc_auth._serving import Serving
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError

if TYPE_CHECKING:
    import httpx
    import httpx2
    import requests

    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth._life.status import TokenStatus
    from oauth_cc_auth.events import Event
    from oauth_cc_auth.stores import TokenStore

__all__ = ["PATIENCE", "TIMEOUT", "TokenSource", "serving_of", "source_of"]


class TokenSource:
    """A token that is fetched once, shared, and renewed before anybody waits.

    `grant` says which token; `store` shares it beyond this process; `session` or `client` lends its transport to the
    token request; `timeout` is in seconds, per attempt (all attempts together take at most twice that, and a caller
    waits at most three times that); `clock` returns seconds since the epoch; `on_event` is called with each event of
    this token's life (see oauth_cc_auth.events), also of those that another source of an equal grant meets. Safe to
    share between threads, asyncio and trio tasks and event loops. Copies and pickles carry no token.

    Raises ConfigurationError, naming the argument.
    """

    __slots__ = ("_serving",)

    def __init__(
        self,
        grant: Grant,
        *,
        store: TokenStore | None = None,
        session: requests.Session | None = None,
        client: httpx.Client | httpx2.Client | None = None,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] | None = None,
        on_event: Callable[[Event], object] | None = None,
    ) -> None:
        """Join those who share this grant's token; nothing is sent yet."""
        self._serving = Serving(
            grant, store=store, session=session, client=client, timeout=timeout, clock=clock, on_event=on_event
        )

    @property
    def grant(self) -> Grant:
        """The grant, which says which token."""
        return self._serving.grant

    def token(self) -> Token:
        """Return a usable token; wait for one only where there is none. Raises an OAuthError."""
        return self._serving.obtain(None)

    async def atoken(self) -> Token:
        """Return a usable token, as `token` does, and let the event loop run meanwhile (asyncio or trio)."""
        return await self._serving.aobtain(None)

    def access_token(self) -> str:
        """Return a usable token's text, for clients that take a function: ``OpenAI(api_key=source.access_token)``."""
        if not self._serving.presenter.constant:
            message = "access_token: a token with DPoP is of no use without its proofs; use headers() or an auth class"
            raise ConfigurationError(message)
        token = self.token()
        check_presentable(token)
        return token.access_token

    def attempts(
        self,
        method: str,
        url: str,
        *,
        headers: Iterable[str] | None = None,
        replayable: bool | Callable[[], bool] = True,
        library: str | None = None,
    ) -> Attempts:
        """Return the attempts of one request to an API, for an HTTP library that has no auth class here.

        Iterate with ``for`` or ``async for``; docs/doors.md shows how. Each attempt has the `headers` to set, and wants
        to hear what came back. A request is attempted once, once more where its token is refused and another comes, and
        once more where the API asks for a new proof of possession.

        `headers` are those that the caller has set: they win over those of the resource server. `replayable` says
        whether the body can be sent again, or is a function that says so and is called after a refusal. `library` is
        the HTTP library for the token request: "requests", "httpx", "httpx2" or "urllib"; by default one that is
        loaded, else installed, else the standard library's.

        Raises nothing itself. Iterating raises OriginNotAllowed or InsecureTransport before anything is sent, and the
        OAuthError of a token request that failed.
        """
        return Attempts(self._serving, method, url, headers=headers, replayable=replayable, library=library)

    def reject(self, token: Token) -> bool:
        """Take note that the API refused this token; return whether another can be obtained now.

        False means: do not send again, renewals are held back, because the API refuses renewed tokens too. Tell
        `accept` where the API takes a token: that ends the holding back.
        """
        return self._serving.refused(token, None, None)

    def accept(self, token: Token) -> None:
        """Take note that the API took this token: its next refusal is a new one, and may be renewed for at once."""
        self._serving.accept(token)

    def base_url(self) -> str | None:
        """Return where the paths of the API begin, None where no base is known; `url` makes that an error.

        Where the vendor tells the base with the token, this waits for one. Raises an OAuthError.
        """
        server = self._serving.resource_server
        return server.base_url_for(self.token()) if server.base_url_of else server.base_url

    async def abase_url(self) -> str | None:
        """Return the API's base, as `base_url` does, and let the event loop run meanwhile."""
        server = self._serving.resource_server
        return server.base_url_for(await self.atoken()) if server.base_url_of else server.base_url

    def url(self, path: str) -> str:
        """Return the URL of a path of the API, ``source.url("/users")``; a whole URL is returned as it is.

        Where the vendor tells the base with the token, this waits for one. Raises an OAuthError: ConfigurationError
        where no base is known.
        """
        server = self._serving.resource_server
        return server.url_for(path, self.token() if server.base_url_of else None)

    async def aurl(self, path: str) -> str:
        """Return the URL of a path, as `url` does, and let the event loop run meanwhile."""
        server = self._serving.resource_server
        return server.url_for(path, await self.atoken() if server.base_url_of else None)

    def status(self) -> TokenStatus:
        """Return how it stands with the token now, for a health endpoint: a value, without a secret.

        Waits for nothing, neither a lock nor a server, and changes nothing. Times are by the source's clock. Another
        process's token in the store counts once this process has used it.
        """
        from oauth_cc_auth._life.status import status_of  # noqa: PLC0415 - see Handle
        from oauth_cc_auth.stores._protocol import shown  # noqa: PLC0415 - see Handle

        serving = self._serving
        return status_of(serving.live, serving.clock(), None if serving.store is None else shown(serving.store))

    def forget(self) -> None:
        """Drop the token here; the next call asks for another, and a store's copy of this one is not taken again."""
        live = self._serving.live
        with live.lock:
            live.forget(live.window.token)

    def revoke(self) -> None:
        """Revoke the current token, or a whole login, at the server (RFC 7009) and forget it. Raises an OAuthError."""
        if flight := self._serving.revocation():
            flight.wait(PATIENCE * self._serving.timeout)

    async def arevoke(self) -> None:
        """Revoke the current token, as `revoke` does, and let the event loop run meanwhile."""
        if flight := self._serving.revocation():
            await flight.await_(PATIENCE * self._serving.timeout)

    def headers(self, method: str, url: str) -> dict[str, str]:
        """Return the headers that present the token to this URL. Raises OriginNotAllowed and other OAuthErrors.

        They are for one request, do not print, and cannot be pickled. Where the API may refuse the token, use
        `attempts` instead.
        """
        self._serving.admit(url)
        return self._headers(method, url, self.token())

    async def aheaders(self, method: str, url: str) -> dict[str, str]:
        """Return the headers, as `headers` does, and let the event loop run meanwhile."""
        self._serving.admit(url)
        return self._headers(method, url, await self.atoken())

    def _headers(self, method: str, url: str, token: Token) -> dict[str, str]:
        presented = self._serving.present(method, url, token).headers
        return dict(hidden({**own_headers(self._serving.resource_server), **presented}, HandedOut))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy as the arguments, without the token."""
        serving = self._serving
        settings = {name: getattr(serving, name) for name in ("store", "session", "client", "timeout")}
        settings["clock"] = None if serving.clock is wall_clock else serving.clock
        settings["on_event"] = None if serving.hearing is None else serving.hearing.listener
        return partial(TokenSource, **settings), (serving.grant,)

    def __deepcopy__(self, memo: dict[int, object]) -> TokenSource:
        """Copy the handle: what it was given is shared, as the token is."""
        return copy.copy(self)

    def __repr__(self) -> str:
        """Show the grant, which shows no secret."""
        return f"TokenSource({self.grant!r})"


def source_of(grant: Grant | TokenSource, *, timeout: float, **lent: Any) -> TokenSource:
    """Return the source that a door was given, or a new one for the grant that it was given."""
    if not isinstance(grant, TokenSource):
        return TokenSource(grant, timeout=timeout, **lent)
    given = [name for name, value in lent.items() if value is not None] + ["timeout"] * (timeout != TIMEOUT)
    if given:
        message = (
            f"{' and '.join(given)}: pass to the TokenSource, which decides how its token is obtained, and not here"
        )
        raise ConfigurationError(message)
    return grant


def serving_of(source: TokenSource) -> Serving:
    """Return what stands behind a source."""
    return source._serving  # noqa: SLF001 - a user has no use for it, so it has no public name

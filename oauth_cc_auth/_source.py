"""TokenSource: the public handle on a live token.

The token is shared with every source of an equal grant. What belongs to this handle alone is the API that the token
may go to, and how a token request is sent from here: a pin is never widened, nor a timeout stretched, by somebody
else's.
"""

from __future__ import annotations

import copy
import logging
import time
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from oauth_cc_auth._attempts import Attempts
from oauth_cc_auth._http.hidden import HandedOut, hidden
from oauth_cc_auth._life.flight import Flight
from oauth_cc_auth._life.state import Boarding
from oauth_cc_auth._raising import concerning
from oauth_cc_auth._resource_server.presentation import (
    Presentation,
    Presenter,
    check_presentable,
    own_headers,
    presenter_for,
)
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth._threads import unforked
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError, OAuthError

if TYPE_CHECKING:
    import httpx
    import requests

    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
    from oauth_cc_auth._life.live_token import LiveToken
    from oauth_cc_auth._life.renewal import Renewal
    from oauth_cc_auth.stores import TokenStore


log = logging.getLogger("oauth_cc_auth")


T = TypeVar("T")


# Seconds per attempt of a token request.
TIMEOUT = 10.0


# A caller waits this many timeouts for a token: two for the exchange with its retries, one for the store.
PATIENCE = 3.0


_STORE_METHODS = ("load", "save", "discard", "lock")  # of the protocol TokenStore


# Without one, the token may go to any https origin.
_ANYWHERE = ResourceServer()


# Origins that passed the pin; a program talks to few.
_ADMITTED_SIZE = 256


def _flight_of(boarding: Boarding) -> Flight[Token]:
    return cast("Flight[Token]", boarding.flight)  # there is one wherever no token is served


def _wall_clock() -> float:
    return time.time()


class TokenSource:
    """A token that is fetched once, shared, and renewed before anybody waits.

    `grant` says which token; `store` shares it beyond this process; `session` or `client` lends its transport to the
    token request; `timeout` is in seconds, per attempt (all attempts together take at most twice that, and a caller
    waits at most three times that); `clock` returns seconds since the epoch. Safe to share between threads,
    asyncio and trio tasks and event loops. Copies and pickles carry no token.

    Raises ConfigurationError, naming the argument.
    """

    __slots__ = (
        "_admission",
        "_live",
        "client",
        "clock",
        "grant",
        "presenter",
        "resource_server",
        "session",
        "store",
        "timeout",
    )

    def __init__(
        self,
        grant: Grant,
        *,
        store: TokenStore | None = None,
        session: requests.Session | None = None,
        client: httpx.Client | None = None,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Join those who share this grant's token; nothing is sent yet."""
        # The rooms below are imported where they are first needed: a door must cost little over its HTTP library.
        from oauth_cc_auth._grant.grant import is_grant  # noqa: PLC0415 - see above

        if not is_grant(grant):
            message = "grant is not a grant such as ClientCredentials or StaticToken; presets.NAME() makes one"
            raise ConfigurationError(message)
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < float("inf"):
            message = "timeout is not a number of seconds above 0"
            raise ConfigurationError(message)
        if store is not None and not all(callable(getattr(store, name, None)) for name in _STORE_METHODS):
            message = f"store has not the methods {', '.join(_STORE_METHODS)}"
            raise ConfigurationError(message)
        # As a default it is looked up when it is asked, so that a test which freezes time freezes it here too.
        if clock is None or clock is time.time:
            clock = _wall_clock
        if not callable(clock):
            message = "clock is not callable"
            raise ConfigurationError(message)
        if session is not None or client is not None:
            from oauth_cc_auth._http.sender import check_lent  # noqa: PLC0415 - see above

            check_lent(session, client)
            if getattr(grant, "certificate", None) is not None:
                lent = "session" if session is not None else "client"
                message = (
                    f"certificate is for requests that this package sends by itself, and {lent}= sends them: give "
                    f"the certificate to what you lend, or leave out {lent}="
                )
                raise ConfigurationError(message)
        self.grant, self.store, self.session, self.client = grant, store, session, client
        self.timeout, self.clock = timeout, clock
        self.resource_server = grant.resource_server or _ANYWHERE
        self._live = self._join(ask=False)
        self.presenter = self._presenter()
        # The presented token, and where it was admitted to; one value, because another token may be for another origin.
        self._admission: tuple[Presentation | None, set[object]] = (None, set())

    def _presenter(self) -> Presenter:
        """Return how the API wants this grant's tokens presented."""
        dpop = getattr(self.grant, "dpop", None)
        if dpop is None:
            return presenter_for(self.resource_server)
        from oauth_cc_auth._resource_server.dpop import Proven, prover_of  # noqa: PLC0415 - for bound tokens only

        if self.store is not None and dpop.key is None:
            message = (
                "store: its tokens would be bound to a key that only this process has. Pass a key that all share, as "
                "DPoP(key=...), or no store."
            )
            raise ConfigurationError(message)
        return Proven(self.resource_server, prover_of(self._live, dpop, self.clock))

    def _join(self, *, ask: bool) -> LiveToken:
        from oauth_cc_auth._life.table import live_token  # noqa: PLC0415 - see above

        clock = None if self.clock is _wall_clock else self.clock
        return live_token(self.grant, self.store, self.session, self.client, clock, ask=ask)

    def token(self) -> Token:
        """Return a usable token; wait for one only where there is none. Raises an OAuthError."""
        return self.obtain(None)

    async def atoken(self) -> Token:
        """Return a usable token, as `token` does, and let the event loop run meanwhile (asyncio or trio)."""
        return await self.aobtain(None)

    def access_token(self) -> str:
        """Return a usable token's text, for clients that take a function: ``OpenAI(api_key=source.access_token)``."""
        if not self.presenter.constant:
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
        return Attempts(self, method, url, headers=headers, replayable=replayable, library=library)

    def reject(self, token: Token) -> bool:
        """Take note that the API refused this token; return whether another can be obtained now.

        False means: do not send again, renewals are held back, because the API refuses renewed tokens too. Tell
        `accept` where the API takes a token: that ends the holding back.
        """
        with self._live.lock:
            return self._live.reject(token, self.clock())

    def accept(self, token: Token) -> None:
        """Take note that the API took this token: its next refusal is a new one, and may be renewed for at once."""
        if self._live.unsettled:
            with self._live.lock:
                self._live.accept(token)

    def base_url(self) -> str | None:
        """Return where the paths of the API begin, which some vendors tell with the token. Raises an OAuthError."""
        return self.resource_server.base_url_for(self.token())

    async def abase_url(self) -> str | None:
        """Return the API's base, as `base_url` does, and let the event loop run meanwhile."""
        return self.resource_server.base_url_for(await self.atoken())

    def forget(self) -> None:
        """Drop the token here; the next call asks for another, and a store's copy of this one is not taken again."""
        with self._live.lock:
            self._live.forget(self._live.window.token)

    def revoke(self) -> None:
        """Revoke the current token, or a whole login, at the server (RFC 7009) and forget it. Raises an OAuthError."""
        if flight := self._revocation():
            flight.wait(PATIENCE * self.timeout)

    async def arevoke(self) -> None:
        """Revoke the current token, as `revoke` does, and let the event loop run meanwhile."""
        if flight := self._revocation():
            await flight.await_(PATIENCE * self.timeout)

    def headers(self, method: str, url: str) -> dict[str, str]:
        """Return the headers that present the token to this URL. Raises OriginNotAllowed and other OAuthErrors.

        They are for one request, do not print, and cannot be pickled. Where the API may refuse the token, use
        `attempts` instead.
        """
        self.admit(url)
        return self._headers(method, url, self.token())

    async def aheaders(self, method: str, url: str) -> dict[str, str]:
        """Return the headers, as `headers` does, and let the event loop run meanwhile."""
        self.admit(url)
        return self._headers(method, url, await self.atoken())

    def _headers(self, method: str, url: str, token: Token) -> dict[str, str]:
        presented = self.present(method, url, token).headers
        return dict(hidden({**own_headers(self.resource_server), **presented}, HandedOut))

    # What follows is for the auth classes.

    def ready(self, place: object) -> Presentation | None:
        """Return the presented token if it is fresh and was presented at this place before; the hot path.

        None where each request is presented anew, or where anything has to be decided: then go by `attempts`.
        """
        token, since, due = self._live.window
        if since <= self.clock() < due:
            presentation, admitted = self._admission
            if place in admitted and presentation is not None and presentation.token is token:
                return presentation
        return None

    def settled(self, status: int) -> bool:
        """Tell whether an answer to what `ready` returned changes nothing, whatever else it says; the hot path."""
        return not (status in self.resource_server.renew_on or self._live.unsettled or not self.presenter.constant)

    def admit(self, url: str, token: Token | None = None) -> None:
        """Raise OriginNotAllowed or InsecureTransport unless the token may go there."""
        try:
            self.resource_server.admit(url, token, allow_insecure_http=self.grant.allow_insecure_http)
        except OAuthError as error:
            concerning(self.grant, error)
            raise

    def present(self, method: str, url: str, token: Token, place: object = None) -> Presentation:
        """Return the headers that present this token to this URL, which it may go to.

        Where they serve any request, remember them for `ready` under the name of this `place`, which has one origin.
        """
        self.admit(url, token)
        presentation, admitted = self._admission
        if presentation is None or presentation.token is not token or not self.presenter.constant:
            presentation = Presentation(token, hidden(self.presenter.headers(method, url, token)))
            if place is None or not self.presenter.constant:
                return presentation
            admitted = set()
            self._admission = (presentation, admitted)
        elif len(admitted) >= _ADMITTED_SIZE:
            admitted.clear()
        if place is not None:
            admitted.add(place)
        return presentation

    def obtain(self, library: str | None) -> Token:
        """Return a usable token; where one must be asked for, ask with this HTTP library."""
        token, since, due = self._live.window
        if token is not None and since <= self.clock() < due:
            return token
        boarding = self._board(library)
        while boarding.serve is None:
            try:
                return _flight_of(boarding).wait(boarding.patience)
            except OAuthError as error:  # noqa: PERF203 - at most twice
                boarding = self._after(boarding, error)
        return boarding.serve

    async def aobtain(self, library: str | None) -> Token:
        """Return a usable token, as `obtain` does."""
        boarding = self._board(library)
        while boarding.serve is None:
            try:
                return await _flight_of(boarding).await_(boarding.patience)
            except OAuthError as error:  # noqa: PERF203 - at most twice
                boarding = self._after(boarding, error)
        return boarding.serve

    def _after(self, boarding: Boarding, error: OAuthError) -> Boarding:
        """Return what a caller does who waited in vain: take the token at hand, or wait for the rest; else raise."""
        if (token := self._live.alive(self.clock())) is not None:
            return boarding._replace(serve=token)
        if not boarding.rest:
            raise error
        # The token at hand ended while its last moments were waited for; the flight may still bring the next.
        return boarding._replace(patience=boarding.rest, rest=0.0)

    def prefetch(self, library: str | None) -> None:
        """See to it that a token is on its way; wait for nothing, and raise nothing."""
        with suppress(OAuthError):
            self._board(library)

    def disown(self, token: Token, host: str) -> None:
        """Forget a token that a redirect carried to a foreign host, revoke it where the grant can, and say so."""
        message = f"a redirect carried a token to {host}, which is not the API; the token is not used any more"
        log.warning(message)
        if self._revocable:
            # The access token alone: it is what has leaked, and the login goes on.
            self._revocation(replace(token, refresh_token=None))
        else:
            with self._live.lock:
                self._live.forget(token)
        warnings.warn(message, RuntimeWarning, stacklevel=2)

    def _board(self, library: str | None) -> Boarding:
        """Return what can be served now, or the flight that brings the next token, opened where there is none."""
        live, patience = self._live, PATIENCE * self.timeout
        with live.lock:
            boarding = live.boarding(self.clock(), patience)
            if boarding.opens:
                background = live.alive(self.clock()) is not None
                # A login's next refresh token is nowhere but in the answer, until the store has it.
                must_land = self.store is not None and cast("TokenEndpointGrant", self.grant).refreshes
                flight = Flight(partial(self._fly, library, background), patience, must_land=must_land)
                live.flight = flight  # which is landed on the next line, if a signal's handler waits for it there
                boarding = boarding._replace(flight=flight)
        if boarding.flight is not None:
            boarding.flight.take_off()
        return boarding

    def _fly(self, library: str | None, background: bool, flight: Flight[Token]) -> Token:  # noqa: FBT001 - bound
        """Fly for the live token whose key holds now: what a grant reads may be another's since the last look."""
        from oauth_cc_auth._life.key import reads_anew  # noqa: PLC0415 - see __init__

        if reads_anew(cast("TokenEndpointGrant", self.grant)):
            left, live = self._live, self._join(ask=True)
            if live is not left:
                self._live = live
                self.presenter = self._presenter()
                with left.landing():
                    left.flight = None if left.flight is flight else left.flight
                with live.landing():
                    boarding = live.boarding(self.clock(), PATIENCE * self.timeout)
                    if boarding.opens:
                        live.flight = flight
                if not boarding.opens:
                    return boarding.serve or _flight_of(boarding).wait(PATIENCE * self.timeout)
        return self._renew(library, background, flight)

    def _renew(self, library: str | None, background: bool, flight: Flight[Token]) -> Token:  # noqa: FBT001 - bound
        """Fly: renew the token and write down how it went, before anybody who waits is told."""
        live, renewal = self._live, None
        try:
            renewal = self._renewal(library)
            with live.landing():
                refusal = live.still_refused(renewal.exchange.mark, self.clock())
            token = renewal.run(refusal)
        except BaseException as error:
            concerning(self.grant, error)
            with live.landing():
                secret, shared = renewal.exchange.mark if renewal else None, self.store is not None
                live.land(flight, error, self.clock(), secret=secret, shared=shared)
            if background:
                reason = error if isinstance(error, OAuthError) else "an unexpected error"
                log.warning("the token could not be renewed yet and is served on: %s: %s", type(error).__name__, reason)
            raise
        with live.landing():
            live.land(flight, token, self.clock())
        return token

    def _renewal(self, library: str | None) -> Renewal:
        """Return what renews or revokes this grant's token."""
        # Never a StaticToken, whose live token is always fresh.
        grant = cast("TokenEndpointGrant", self.grant)
        with unforked():
            from oauth_cc_auth._authorization_server.exchange import Exchange  # noqa: PLC0415 - see __init__
            from oauth_cc_auth._http.sender import sender_for  # noqa: PLC0415 - see __init__
            from oauth_cc_auth._life.renewal import Renewal  # noqa: PLC0415 - see __init__

            kind = Renewal
            if grant.refreshes:
                from oauth_cc_auth._login.renewal import LoginRenewal  # noqa: PLC0415 - see __init__

                kind = LoginRenewal
        prover = getattr(self.presenter, "prover", None)
        certify = grant.certificate.load_into if grant.certificate else None
        sender = sender_for(self.session, self.client, library, certify)
        exchange = Exchange(grant, sender, self.timeout, self.clock, prover, memory=self._live.server)
        return kind(self._live, exchange, self.store)

    def flown(self, work: Callable[[Renewal], T]) -> Flight[T]:
        """Do what is asked of this token's renewal in a flight."""
        flight = Flight(lambda _: work(self._renewal(None)), PATIENCE * self.timeout)
        flight.take_off()
        return flight

    def _revocation(self, only: Token | None = None) -> Flight[None] | None:
        if not self._revocable:
            message = "This grant has no revocation_endpoint; forget() drops the token here without telling the server."
            raise ConfigurationError(message)
        live, limit = self._live, PATIENCE * self.timeout
        with live.lock:
            known = live.withdraw(only)
        if known.token is None and known.flight is None and self.store is None:
            return None
        return self.flown(lambda renewal: renewal.end(known, whole=only is None, limit=limit))

    @property
    def _revocable(self) -> bool:
        grant = self.grant
        endpoints = (getattr(grant, "revocation_endpoint", None), getattr(grant, "token_endpoint", None))
        # Metadata may name one.
        return endpoints[0] is not None or not isinstance(endpoints[1], (str, type(None)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy as the arguments, without the token."""
        settings = {name: getattr(self, name) for name in ("store", "session", "client", "timeout")}
        settings["clock"] = None if self.clock is _wall_clock else self.clock
        return partial(TokenSource, **settings), (self.grant,)

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
        message = f"{' and '.join(given)}: pass to the TokenSource, which decides how its token is obtained"
        raise ConfigurationError(message)
    return grant

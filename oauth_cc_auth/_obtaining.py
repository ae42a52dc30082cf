"""How a source obtains its token: by the token request that sources of an equal grant share, or by one of its own.

A caller is served from memory where that will do. Else it waits for the flight, gives up after its patience, and takes
the token at hand if that still lives. What the source was given decides how the flight sends its token request.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

from oauth_cc_auth._frozen import replace
from oauth_cc_auth._handle import Handle
from oauth_cc_auth._life.flight import Flight
from oauth_cc_auth._life.state import Boarding
from oauth_cc_auth._life.tracing import traced
from oauth_cc_auth._raising import concerning
from oauth_cc_auth._threads import unforked
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError, OAuthError

if TYPE_CHECKING:
    from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
    from oauth_cc_auth._life.renewal import Renewal
    from oauth_cc_auth._life.report import Report


T = TypeVar("T")

# A caller waits this many timeouts for a token: two for the exchange with its retries, one for the store.
PATIENCE = 3.0


def _flight_of(boarding: Boarding) -> Flight[Token]:
    return cast("Flight[Token]", boarding.flight)  # there is one wherever no token is served


class Obtaining(Handle):
    """A handle that obtains its token, renews it in the background, and revokes it."""

    __slots__ = ()

    def obtain(self, library: str | None) -> Token:
        """Return a usable token; where one must be asked for, ask with this HTTP library."""
        if (token := self._fresh()) is not None:
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
        if (token := self._fresh()) is not None:
            return token
        boarding = self._board(library)
        while boarding.serve is None:
            try:
                return await _flight_of(boarding).await_(boarding.patience)
            except OAuthError as error:  # noqa: PERF203 - at most twice
                boarding = self._after(boarding, error)
        return boarding.serve

    def _fresh(self) -> Token | None:
        window = self.live.window
        return window.token if window.since <= self.clock() < window.due else None

    def _after(self, boarding: Boarding, error: OAuthError) -> Boarding:
        """Return what a caller does who waited in vain: take the token at hand, or wait for the rest; else raise."""
        if (token := self.live.alive(self.clock())) is not None:
            return replace(boarding, serve=token)
        if not boarding.rest:
            raise error
        # The token at hand ended while its last moments were waited for; the flight may still bring the next.
        return replace(boarding, patience=boarding.rest, rest=0.0)

    def prefetch(self, library: str | None) -> None:
        """See to it that a token is on its way; wait for nothing, and raise nothing."""
        with suppress(OAuthError):
            self._board(library)

    def _board(self, library: str | None) -> Boarding:
        """Return what can be served now, or the flight that brings the next token, opened where there is none."""
        live, patience = self.live, PATIENCE * self.timeout
        with live.lock:
            boarding = live.boarding(self.clock(), patience)
            if boarding.opens:
                background = live.alive(self.clock()) is not None
                # A login's next refresh token is nowhere but in the answer, until the store has it.
                must_land = self.store is not None and cast("TokenEndpointGrant", self.grant).refreshes
                flight = Flight(partial(self._fly, library, background), patience, must_land=must_land)
                live.flight = flight  # which is landed on the next line, if a signal's handler waits for it there
                boarding = replace(boarding, flight=flight)
        if boarding.flight is not None:
            boarding.flight.take_off()
        return boarding

    def _fly(self, library: str | None, background: bool, flight: Flight[Token]) -> Token:  # noqa: FBT001 - bound
        """Fly for the live token whose key holds now: what a grant reads may be another's since the last look."""
        # A child that is forked while a thread imports waits for that thread for ever.
        with unforked():
            from oauth_cc_auth._life.key import reads_anew  # noqa: PLC0415 - see __init__
            from oauth_cc_auth._life.report import Report  # noqa: PLC0415 - see Handle

        if reads_anew(cast("TokenEndpointGrant", self.grant)):
            left, live = self.live, self._join(ask=True)
            if live is not left:
                self.live = live
                self.presenter = self._presenter()
                with left.landing():
                    left.flight = None if left.flight is flight else left.flight
                with live.landing():
                    boarding = live.boarding(self.clock(), PATIENCE * self.timeout)
                    if boarding.opens:
                        live.flight = flight
                if not boarding.opens:
                    return boarding.serve or _flight_of(boarding).wait(PATIENCE * self.timeout)
        report = Report(self.grant, self.live, self.clock)
        with traced(report, flight.callers):
            return self._renew(library, flight, report, background=background)

    def _renew(self, library: str | None, flight: Flight[Token], report: Report, *, background: bool) -> Token:
        """Renew the token and write down how it went, before anybody who waits is told."""
        live, renewal, held = self.live, None, self.live.held_until(self.clock())
        is_first = live.previous is None
        if background and (due := live.window.token) is not None and not live.is_failing:
            report.add("TokenDue", until=due.ends_at())
            report.tell()
        try:
            renewal = self._renewal(library, report)
            with live.landing():
                refusal = live.still_refused(renewal.exchange.mark, self.clock())
            token = renewal.run(refusal)
        except BaseException as error:
            concerning(self.grant, error)
            with live.landing():
                secret, shared = renewal.exchange.mark if renewal else None, self.store is not None
                told = live.retold(error)
                live.land(flight, error, self.clock(), secret=secret, shared=shared)
            if not told:
                report.failed(error)
            raise
        else:
            with live.landing():
                live.land(flight, token, self.clock())
            report.came(token, is_issued=renewal.is_issued, is_first=is_first)
            report.held(before=held)
            return token
        finally:
            report.tell()

    def _renewal(self, library: str | None, report: Report) -> Renewal:
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
        live = self.live
        live.server = {} if live.server is None else live.server
        exchange = Exchange(grant, sender, self.timeout, self.clock, prover, memory=live.server)
        return kind(self.live, exchange, self.store, report)

    def flown(self, work: Callable[[Renewal], T]) -> Flight[T]:
        """Do what is asked of this token's renewal in a flight."""

        def fly(_: Flight[T]) -> T:
            from oauth_cc_auth._life.report import Report  # noqa: PLC0415 - see Handle

            report = Report(self.grant, self.live, self.clock)
            try:
                return work(self._renewal(None, report))
            finally:
                report.tell()

        flight = Flight(fly, PATIENCE * self.timeout)
        flight.take_off()
        return flight

    def revocation(self, only: Token | None = None) -> Flight[None] | None:
        if not self._revocable:
            message = "This grant has no revocation_endpoint; forget() drops the token here without telling the server."
            raise ConfigurationError(message)
        live, limit = self.live, PATIENCE * self.timeout
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

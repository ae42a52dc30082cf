"""How auth classes use a token: admitted, put in headers, refused, and disowned where a redirect has leaked it."""

from __future__ import annotations

import logging
import time
import warnings
from typing import Any

from oauth_cc_auth._frozen import replace
from oauth_cc_auth._handle import wall_clock
from oauth_cc_auth._http.hidden import hidden
from oauth_cc_auth._obtaining import Obtaining
from oauth_cc_auth._raising import concerning
from oauth_cc_auth._resource_server.presentation import Presentation
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import OAuthError

log = logging.getLogger("oauth_cc_auth")

# Origins that passed the pin; a program talks to few.
_ADMITTED_SIZE = 256


class Serving(Obtaining):
    """What stands behind a TokenSource: attempts and auth classes ask it, users ask the source."""

    __slots__ = ("_admission",)

    def __init__(self, *given: Any, **settings: Any) -> None:
        """Join those who share this grant's token; nothing is sent yet."""
        super().__init__(*given, **settings)
        # The presented token, and where it was admitted to; one value, because another token may be for another origin.
        self._admission: tuple[Presentation | None, set[object]] = (None, set())

    def ready(self, place: object) -> Presentation | None:
        """Return the presented token if it is fresh and was presented at this place before; the hot path.

        None where each request is presented anew, or where anything has to be decided: then go by `attempts`.
        """
        window, clock = self.live.window, self.clock
        if window.since <= (time.time() if clock is wall_clock else clock()) < window.due:
            presentation, admitted = self._admission
            if place in admitted and presentation is not None and presentation.token is window.token:
                return presentation
        return None

    def refused(self, token: Token, status: int | None, url: str | None) -> bool:
        """Take note of a refusal, as `reject` does, and report with which status it came, and from where."""
        live, now = self.live, self.clock()
        with live.lock:
            before, held = live.window.token, live.held_until(now)
            again = live.reject(token, now)
            is_dropped = live.window.token is not before
        if is_dropped or live.held_until(now) != held:
            from oauth_cc_auth._life.report import Report  # noqa: PLC0415 - see Handle

            report = Report(self.grant, live, self.clock)
            if is_dropped:
                report.add("TokenRefused", status=status, url=None if url is None else url.partition("?")[0])
            report.held(before=held)
            report.tell()
        return again

    def settled(self, status: int) -> bool:
        """Tell whether an answer to what `ready` returned changes nothing, whatever else it says; the hot path."""
        return not (status in self.resource_server.renew_on or self.live.unsettled or not self.presenter.constant)

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

    def disown(self, token: Token, host: str) -> None:
        """Forget a token that a redirect carried to a foreign host, revoke it where the grant can, and say so."""
        message = (
            f"a redirect carried a token to {host}, which is not the API; the token is not used any more. If that host "
            "belongs to the API, name it in ResourceServer(origins=...)"
        )
        log.warning(message)
        if self._revocable:
            # The access token alone: it is what has leaked, and the login goes on.
            self.revocation(replace(token, refresh_token=None))
        else:
            with self.live.lock:
                self.live.forget(token)
        warnings.warn(message, RuntimeWarning, stacklevel=2)

    def accept(self, token: Token) -> None:
        """Take note that the API took this token: its next refusal is a new one, and may be renewed for at once."""
        if self.live.unsettled:
            with self.live.lock:
                self.live.accept(token)

"""A user's login, by the browser on this machine (RFC 8252): ask, wait for the answer, exchange it, say what is next.

The listener is there before the browser is. The state decides which request is the answer: any page can send the
browser here, and what somebody else sent neither ends the login nor is exchanged. From the answer on, every outcome is
final, and the browser is told it.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from urllib.parse import parse_qsl, urlsplit

import click

from oauth_cc_auth import AuthorizationCode, AuthorizationFailed, Login, Token, TokenSource
from oauth_cc_auth.cli import _page
from oauth_cc_auth.cli._redirection_endpoint import Arrival, RedirectionEndpoint
from oauth_cc_auth.cli._stores import KeptStore, in_python, place_of
from oauth_cc_auth.cli._vendors import Chosen
from oauth_cc_auth.cli._words import variable

# Seconds between two looks at the clock. On Windows, Ctrl-C is heard only between two waits.
_PATIENCE = 1.0

# Seconds that a browser's own command gets to come back. One that runs in the terminal does so when its user leaves it.
_BROWSER_SECONDS = 1.0

Say = Callable[[str], None]


def log_in(
    chosen: Chosen, store: KeptStore, *, port: int, seconds: float, browse: Callable[[str], bool] | None, say: Say
) -> Token:
    """Let a user log in, and return the token, which the store has kept.

    `browse` opens an address in the browser and tells whether it could; None leaves that to the user. `say` prints a
    line. Raises OAuthError and ClickException.
    """
    grant = chosen.grant
    if not isinstance(grant, AuthorizationCode):
        raise click.UsageError(f"{chosen.vendor} needs no login of a user.")
    if grant.refresh_token:
        name = variable(chosen.vendor, "refresh_token")
        raise click.ClickException(f"{name} is set, and names another login, which would be used: unset it first.")
    with _listening(port) as endpoint:
        login = _Login(chosen, replace(grant, redirect_uri=endpoint.url), store)
        waits = f"within {seconds:g} s; Ctrl-C ends the wait"
        if browse is None:
            say(f"Open this address in a browser on this machine, {waits}:\n{login.url}")
            return login.ended(endpoint, seconds, say)
        say(f"Opening your browser to log in at {urlsplit(login.url).hostname}, {waits}.")
        with _browsing(browse, endpoint.begin_at(login.url), say):
            return login.ended(endpoint, seconds, say)


def report(chosen: Chosen, store: KeptStore, token: Token) -> str:
    """Return what is stored where, until when, and how a program goes on."""
    until = "until it is refused"
    if token.expires_at is not None:
        local = datetime.fromtimestamp(token.expires_at, timezone.utc).astimezone()
        until = f"until {local:%Y-%m-%d %H:%M %Z}"
    then = "then renewed" if token.refresh_token else "then log in again: there is no refresh token"
    needs = f" (with {' and '.join(chosen.asked)} in the environment)" if chosen.asked else ""
    return (
        f"Logged in to {chosen.vendor}: access token kept in {place_of(store.store)}, good {until}, {then}.\n"
        f"In Python: {chosen.in_python(in_python(store.choice))}{needs}"
    )


class _Login:
    """One question to one user."""

    def __init__(self, chosen: Chosen, grant: AuthorizationCode, store: KeptStore) -> None:
        self._chosen, self._store = chosen, store
        self._login = Login(TokenSource(grant, store=store))
        self._state = secrets.token_urlsafe(32)
        self.url = self._login.authorization_url(state=self._state)

    def ended(self, endpoint: RedirectionEndpoint, seconds: float, say: Say) -> Token:
        """Wait for the answer, so many seconds at most, and return its token."""
        deadline, told = time.monotonic() + seconds, False
        while (left := deadline - time.monotonic()) > 0:
            arrival = endpoint.next_arrival(min(left, _PATIENCE))
            if endpoint.is_contested:
                raise click.ClickException(
                    "Two browsers have opened the link to log in, and one may be somebody else's on this machine. "
                    f"Nothing was stored. Try again: {self._chosen.command}, perhaps with --no-browser."
                )
            if arrival is None:
                continue
            if arrival.is_known and self._is_answer(arrival):
                return self._exchanged(arrival)
            arrival.answer(_page.NOT_OURS)
            if not told:
                say("A link that is no answer to this login was opened in the browser; still waiting for the answer.")
            told = True
        again = f"Try again: {self._chosen.command}, perhaps with a longer --timeout."
        raise click.ClickException(f"Nobody has logged in within {seconds:g} s. {again}")

    def _is_answer(self, arrival: Arrival) -> bool:
        returned = dict(parse_qsl(urlsplit(arrival.url).query, keep_blank_values=True)).get("state", "")
        return hmac.compare_digest(returned.encode(), self._state.encode())

    def _exchanged(self, arrival: Arrival) -> Token:
        # The page is for people: what they log in to is the vendor, not a preset.
        vendor = self._chosen.vendor.removesuffix("-user")
        page = _page.failed(vendor)
        try:
            token = self._login.exchange(arrival.url, state=self._state)
            self._store.check()
            page = _page.logged_in(vendor)
        except AuthorizationFailed as refused:
            if refused.error == "access_denied":
                page = _page.declined(vendor)
            raise
        finally:
            arrival.answer(page)
        return token


def _listening(port: int) -> RedirectionEndpoint:
    try:
        return RedirectionEndpoint(port)
    except OSError as taken:
        raise click.ClickException(
            f"The port {port} cannot be opened ({taken.strerror}): leave --port {port} out, or try another."
        ) from None


@contextmanager
def _browsing(browse: Callable[[str], bool], url: str, say: Say) -> Iterator[None]:
    """Open the browser beside the wait: one that runs in the terminal comes back only when the user leaves it."""

    def run() -> None:
        if not browse(url):
            say(f"No browser could be opened. Open this address in one on this machine:\n{url}")

    browsing = threading.Thread(target=run, name="oauth-cc-auth-browser", daemon=True)
    browsing.start()
    try:
        yield
    finally:
        browsing.join(_BROWSER_SECONDS)

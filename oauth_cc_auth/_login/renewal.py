"""How a login's token is renewed: its last refresh token is spent once, and the next one saved before anything else.

A login that is shared has its last refresh token in the store, and servers that rotate end a login for everybody who
spends an older one. To lose the last one locks its user out.
"""

from __future__ import annotations

import hmac
import os
from contextlib import suppress
from typing import cast

from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._authorization_server.question import Parameters
from oauth_cc_auth._frozen import replace
from oauth_cc_auth._grant.authorization_code import AuthorizationCode
from oauth_cc_auth._grant.hashes import slow_hash
from oauth_cc_auth._life.key import store_key
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._life.renewal import Renewal
from oauth_cc_auth._life.report import Report
from oauth_cc_auth._life.state import Withdrawn
from oauth_cc_auth._life.table import hold_on, let_go
from oauth_cc_auth._login.unsaved import Unsaved, keep_saving
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import InteractionRequired, InvalidGrant, OAuthError, TokenEndpointUnavailable
from oauth_cc_auth.stores import TokenStore
from oauth_cc_auth.stores._entries import labelled

# Beside a refresh token in a store: the slow salted hash of the client secret that obtained it, as "salt:hash".
_VERIFIER = "client_secret_verifier"

_NO_ANSWER = (
    "The store holds the login's last refresh token and does not answer. An older refresh token would end the login, "
    "so none is sent. Try again when the store is back."
)


class LoginRenewal(Renewal):
    """One renewal of a login's token, its beginning, or its end."""

    def __init__(
        self, live: LiveToken, exchange: Exchange, store: TokenStore | None, report: Report | None = None
    ) -> None:
        """Begin; nothing is asked yet."""
        super().__init__(live, exchange, store, report)
        self.grant = cast("AuthorizationCode", exchange.grant)
        self._voucher: tuple[str | None, str | None] = (None, None)

    def key(self, secret: str | None) -> str:  # noqa: ARG002 - see the docstring
        """Return the login's name in the store, whatever the client secret: a login outlives the secret's rotation."""
        return store_key(self.grant, None)

    def prepare(self) -> None:
        """Compute what is kept beside the token, before the lock is taken."""
        if self.shelf.store is not None:
            self._verifier()

    def is_news(self, stored: Token) -> bool:
        """Tell whether the stored token is another, good, and not one that this client's secret may not have."""
        return super().is_news(stored) and not self._is_behind(stored, self.live.previous) and self._vouched_for(stored)

    def taken(self, stored: Token) -> Token:
        """Return the stored token, which is going to be used."""
        self.live.unsaved, self.live.spent = None, self._previous()
        return super().taken(stored)

    def obtained(self, stored: Token | None) -> Token:
        """Return the token for the last refresh token (RFC 6749 §6), which the store has."""
        if self.shelf.failed:
            self._spare()
        last = self._last(stored, self.live.unsaved or self.live.previous)
        if last is not None and last is stored:
            last = super().taken(last)  # a refresh token may be bound to the key as well (RFC 9449 §5)
        return self._kept(last, None, (last.refresh_token if last else None) or self.grant.refresh_token)

    def log_in(self, code: Parameters) -> Token:
        """Return the token that ends a login (RFC 6749 §4.1.3), which is the live one now. Raises an OAuthError."""
        self.prepare()
        with self.shelf.locked():
            token = self._kept(None, code, self._previous())
        with self.live.lock:
            # What is in the air would bring a token of the login before this one.
            self.live.flight = None
            self.live.adopt(token, self.exchange.clock())
        return token

    def end(self, known: Withdrawn, *, whole: bool, limit: float) -> None:
        """Revoke the last refresh token, which another process may have obtained, so that nobody finds it again.

        Not `whole` is for an access token that has leaked: it alone is revoked, since the store's entry has the refresh
        token too, and the login goes on. A renewal in the air of a login that is in memory alone brings what has to be
        revoked: it is waited for, for `limit` seconds at most. Raises an OAuthError.
        """
        if not whole:
            self.exchange.revoke(cast("Token", known.token))
            return
        live, token, previous = self.live, known.token, known.previous
        if known.flight is not None and self.shelf.store is None:
            with suppress(OAuthError):
                token = previous = known.flight.wait(limit)
        try:
            ended = self._ended(token)
        except OAuthError:
            with live.lock:
                live.previous = live.previous or previous  # to be revoked later
            raise
        with live.lock:
            last = live.previous
            if ended and last and last.refresh_token and last.refresh_token == ended.refresh_token:
                # What a renewal brought that came before this in the store's queue.
                live.forget(live.window.token)
                live.previous = None
            if self.shelf.store is None and live.previous is None:  # unless the user has logged in again meanwhile
                let_go(live)

    def _ended(self, token: Token | None) -> Token | None:
        with self.shelf.locked():
            stored = self.shelf.load()
            if self.shelf.failed:
                raise TokenEndpointUnavailable(message=_NO_ANSWER)
            # Whether the secret is right is for the server to say: it may have been rotated since the last renewal.
            last = self._last(stored, self.live.unsaved or token)
            if last is not None:
                self.exchange.revoke(last)
            if stored is not None:
                self.shelf.discard(stored)
            self.live.unsaved = None
        return last

    def _previous(self) -> str | None:
        return self.live.previous.refresh_token if self.live.previous else None

    def _spare(self) -> None:
        """Raise, because the store is silent and may hold a newer refresh token, unless a call needs a token now.

        To send ours could end the login.
        """
        live = self.live
        if live.alive(self.exchange.clock()) is not None or not (live.previous or self.grant.refresh_token):
            raise TokenEndpointUnavailable(message=_NO_ANSWER)

    def _last(self, stored: Token | None, mine: Token | None) -> Token | None:
        """Return what has the last refresh token: the store's, unless ours was obtained with that one.

        Then the store did not take ours, or has lost it.
        """
        return mine if stored is None or self._is_behind(stored, mine) else stored

    def _is_behind(self, stored: Token, mine: Token | None) -> bool:
        spent = stored.refresh_token
        return mine is not None and spent is not None and spent == self.live.spent and spent != mine.refresh_token

    def _kept(self, last: Token | None, code: Parameters | None, spent: str | None) -> Token:
        """Return a new token, which is where it cannot get lost."""
        live = self.live
        token = self._fetched(last, code)
        # What the answer leaves out stays as it was (RFC 6749 §6).
        scope, refresh_token = (last.scope, last.refresh_token) if last else (None, None)
        refresh_token = token.refresh_token or refresh_token or self.grant.refresh_token
        token = replace(token, scope=token.scope or scope, refresh_token=refresh_token)
        if self.shelf.store is None:
            if refresh_token not in (None, self.grant.refresh_token):
                hold_on(live)
            return token
        # Computed before the request, unless the exchange has found the secret rotated: nothing slow stands between an
        # answer and the save, in which a killed process would lose the login.
        if (verifier := self._verifier()) is not None:
            token = replace(token, extra={**token.extra, _VERIFIER: verifier})
        live.spent, token = spent, labelled(token, self.grant)
        kept = self.kept(token)
        live.unsaved = None if self.shelf.save(kept) else kept
        if live.unsaved is not None and token.refresh_token is not None:
            self.report.add("LoginUnsaved")
            keep_saving(Unsaved(self.shelf.store, self.key(None), kept, live, spent, self._saved))
        return token

    def _saved(self) -> None:
        report = Report(self.grant, self.live, self.exchange.clock)
        report.add("LoginSaved")
        report.tell()

    def _fetched(self, last: Token | None, code: Parameters | None) -> Token:
        if code is not None:
            return self.exchange.fetch(None, code)
        try:
            return self.exchange.fetch(last, budget=self.budget())
        except InvalidGrant as error:
            message = (
                "The refresh token is not valid any more: a user has to log in again. "
                f"{self.grant.how_to_log_in} The server said: {error}"
            )
            raise InteractionRequired(message) from error.__cause__

    def _verifier(self) -> str | None:
        """Return what is kept beside the token, so that a caller with a wrong secret does not get it."""
        secret = self.exchange.secret
        if secret is not None and self._voucher[0] != secret:
            salt = os.urandom(16)
            self._voucher = secret, f"{salt.hex()}:{slow_hash(secret, salt)}"
        return None if secret is None else self._voucher[1]

    def _vouched_for(self, stored: Token) -> bool:
        secret = self.exchange.secret
        if secret is None:
            return True
        salt, _, expected = str(stored.extra.get(_VERIFIER, "")).partition(":")
        try:
            return hmac.compare_digest(slow_hash(secret, bytes.fromhex(salt)), expected)
        except (ValueError, TypeError):
            return False

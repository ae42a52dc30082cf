"""How a token is renewed, from top to bottom: look in the store, lock it, look again, request a token, save it.

Runs in a flight, as plain synchronous code. Without a store the shelf is empty, and takes nothing. Nothing slow is
computed while the lock is held.
"""

from __future__ import annotations

from oauth_cc_auth._authorization_server.budget import Budget
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._frozen import replace
from oauth_cc_auth._life.key import store_key
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._life.report import Report
from oauth_cc_auth._life.shelf import Shelf, reason_of
from oauth_cc_auth._life.state import Withdrawn
from oauth_cc_auth._token import CLOCK_TOLERANCE, Token
from oauth_cc_auth.errors import InvalidClient, OAuthError
from oauth_cc_auth.stores import TokenStore
from oauth_cc_auth.stores._entries import labelled
from oauth_cc_auth.stores._protocol import shown


class Renewal:
    """One renewal of a live token, or its revocation (RFC 7009)."""

    def __init__(
        self, live: LiveToken, exchange: Exchange, store: TokenStore | None, report: Report | None = None
    ) -> None:
        """Begin; nothing is asked yet. What happens is kept in `report`, until its owner tells it."""
        self.report = report or Report(exchange.grant, live, exchange.clock)
        self.live, self.exchange, self.shelf = live, exchange, Shelf(store, self._key, self.report)
        # Whether the token that `run` returned is the server's answer, and not the store's.
        self.is_issued = False
        self._named: tuple[str | None, str] | None = None

    def key(self, secret: str | None) -> str:
        """Return the name of the entry in the store. Only the right secret knows it."""
        return store_key(self.exchange.grant, secret, getattr(self.exchange.sender, "lent", None))

    def _key(self) -> str:
        # Made anew where the exchange has found the secret rotated.
        secret = self.exchange.secret
        if self._named is None or self._named[0] != secret:
            self._named = secret, self.key(secret)
        return self._named[1]

    def run(self, refusal: BaseException | None = None) -> Token:
        """Return a token that is better than the live one. Raises an OAuthError.

        With a `refusal` that still holds nothing is sent; but somebody else may have left a token in the store.
        """
        self.prepare()
        if refusal is None:
            return self.shelf.token_or(self.is_news, self.taken, self._alone)
        if (stored := self.shelf.load()) is not None and self.is_news(stored):
            return self.taken(stored)
        raise refusal

    def _alone(self) -> Token:
        """Return a token, while nobody else who shares the store renews it."""
        stored = self.shelf.load()
        if stored is not None and self.is_news(stored):
            return self.taken(stored)
        token = self.obtained(stored)
        self.is_issued = True
        return token

    def prepare(self) -> None:
        """Compute what is slow, before the lock is taken."""
        if self.shelf.store is not None:
            self._key()

    def is_news(self, stored: Token) -> bool:
        """Tell whether the stored token is another than the last one in memory, and good."""
        live, now = self.live, self.exchange.clock()
        if live.dropped is not None and stored.access_token == live.dropped.access_token:
            return False
        previous = live.previous
        if previous is not None:
            if (stored.access_token, stored.obtained_at) == (previous.access_token, previous.obtained_at):
                return False
            # A store that did not take ours, or has lost it.
            if stored.obtained_at < previous.obtained_at - CLOCK_TOLERANCE:
                return False
        # What comes from the future is older than a clock set back.
        return stored.obtained_at - CLOCK_TOLERANCE <= now < stored.usable_until()

    def taken(self, stored: Token) -> Token:
        """Return the stored token, which is going to be used."""
        prover = self.exchange.prover
        return stored if prover is None else prover.taken(stored)

    def kept(self, token: Token) -> Token:
        """Return a new token as the store keeps it: with its key, where one was generated (RFC 9449)."""
        prover = self.exchange.prover
        return token if prover is None else prover.kept(token)

    def obtained(self, stored: Token | None) -> Token:
        """Return a new token, which the store has."""
        try:
            token = self.exchange.fetch(None, budget=self.budget())
        except OAuthError as error:
            if isinstance(error, InvalidClient) and self.live.previous is not None:
                error.advise("The server gave this client a token before: was the secret rotated since?")
            if stored is not None and self.live.dropped is not None:
                # Nothing replaces the refused token yet, and others who start now should not try it.
                self.shelf.discard(self.live.dropped)
            raise
        # The scope is as requested where the answer is silent (RFC 6749 §5.1). A refresh token should not be there
        # (§4.4.3), and is of no use.
        scope = self.exchange.grant.scope
        token = replace(token, scope=token.scope or (str(scope) if scope else None), refresh_token=None)
        token = labelled(token, self.exchange.grant)
        # Before anybody uses it: a process that dies then has lost nothing.
        self.shelf.save(self.kept(token))
        return token

    def budget(self) -> Budget:
        """Return what counts the token requests against the vendor's limit, in the store."""
        return Budget(self.exchange.grant, self.shelf.store, self._uncounted)

    def _uncounted(self, error: Exception) -> None:
        self.report.add("StoreFailed", operation="count", store=shown(self.shelf.store), error=reason_of(error))

    def end(self, known: Withdrawn, *, whole: bool, limit: float) -> None:  # noqa: ARG002 - more for a login
        """Revoke what is known, or what the store has, and remove it there. Raises an OAuthError."""
        with self.shelf.locked():
            token = known.token or self.shelf.load()
            if token is not None:
                self.exchange.revoke(token)
                self.shelf.discard(token)

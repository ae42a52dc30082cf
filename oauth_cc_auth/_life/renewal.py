"""How a token is renewed, from top to bottom: lock the store, look in it, else ask the token endpoint, save.

Runs in a flight, as plain synchronous code. A store that fails costs a warning and nothing else; but a login that is
shared has its last refresh token there, and servers that rotate end a login for everybody who spends an older one.
"""

from __future__ import annotations

import hmac
import logging
import os
from dataclasses import replace

from oauth_cc_auth._authorization_server.budget import Budget
from oauth_cc_auth._authorization_server.exchange import Exchange, Parameters
from oauth_cc_auth._grant.authorization_code import AuthorizationCode
from oauth_cc_auth._grant.hashes import fingerprint, slow_hash
from oauth_cc_auth._life.key import store_key
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._life.shelf import GuardedStore
from oauth_cc_auth._life.table import hold_on
from oauth_cc_auth._login.refresh_token import Unsaved, is_behind, keep_saving, last_of, spare
from oauth_cc_auth._token import CLOCK_TOLERANCE, Token
from oauth_cc_auth.errors import (
    InteractionRequired,
    InvalidGrant,
    OAuthError,
)
from oauth_cc_auth.stores import TokenStore

log = logging.getLogger("oauth_cc_auth")


# Beside a refresh token in a store: the slow salted hash of the client secret that obtained it, as "salt:hash".
_VERIFIER = "client_secret_verifier"


def renew(live: LiveToken, exchange: Exchange, store: TokenStore | None, refusal: BaseException | None = None) -> Token:
    """Return a token that is better than the live one. Raises an OAuthError.

    With a `refusal` that still holds nothing is sent; but somebody else may have left a token in the store.
    """
    if store is None:
        if refusal is not None:
            raise refusal
        return _held(live, exchange, _fetch(exchange, store, live.previous))
    guarded, key = GuardedStore(store), key_of(live, exchange)
    with guarded.lock(key):
        stored = guarded.load(key)
        if stored is not None and _is_news(stored, live, exchange.clock()) and _vouched_for(exchange, stored):
            live.unsaved, live.spent = None, _refresh_token_of(live.previous)
            return stored
        if refusal is not None:
            raise refusal
        if guarded.failed:
            spare(live, exchange)
        last = last_of(live, stored, live.unsaved or live.previous)
        voucher = _Voucher(exchange)
        try:
            token = voucher.beside(_fetch(exchange, store, last))
        except OAuthError:
            if stored is not None and live.dropped is not None and not isinstance(exchange.grant, AuthorizationCode):
                # Nothing replaces the refused token yet, and others who start now should not try it.
                guarded.discard(key, live.dropped)
            raise
        live.spent = _refresh_token_of(last) or _refresh_token_of(exchange.grant)
        _save(live, exchange, guarded, token)
        return token


def log_in(live: LiveToken, exchange: Exchange, store: TokenStore | None, code: Parameters) -> Token:
    """Return the token that ends a login (RFC 6749 §4.1.3), saved as a renewed one is. Raises an OAuthError."""
    if store is None:
        return _held(live, exchange, exchange.fetch(None, code))
    guarded = GuardedStore(store)
    with guarded.lock(key_of(live, exchange)):
        voucher = _Voucher(exchange)
        token = voucher.beside(exchange.fetch(None, code))
        live.spent = _refresh_token_of(live.previous)
        _save(live, exchange, guarded, token)
        return token


def _refresh_token_of(known: object) -> str | None:
    return getattr(known, "refresh_token", None)


def _held(live: LiveToken, exchange: Exchange, token: Token) -> Token:
    """Return the token; a login whose last refresh token is nowhere but here is kept in memory."""
    if token.refresh_token not in (None, _refresh_token_of(exchange.grant)):
        hold_on(live)
    return token


def _save(live: LiveToken, exchange: Exchange, guarded: GuardedStore, token: Token) -> None:
    """Save a token before anybody uses it: a process that dies then has lost nothing."""
    # The key is made anew, because the exchange may have found the secret rotated.
    key = key_of(live, exchange)
    live.unsaved = None if guarded.save(key, token) else token
    if live.unsaved is not None and token.refresh_token is not None:
        log.error("a new refresh token could not be saved; it is kept in memory, and saving is tried again")
        keep_saving(Unsaved(guarded.store, key, token, live, live.spent))


def _fetch(exchange: Exchange, store: TokenStore | None, previous: Token | None) -> Token:
    try:
        return exchange.fetch(previous, count=Budget(exchange.grant, store))
    except InvalidGrant as error:
        if not isinstance(exchange.grant, AuthorizationCode):
            raise
        how = exchange.grant.how_to_log_in
        message = f"The refresh token is not valid any more: a user has to log in again. {how} The server said: {error}"
        raise InteractionRequired(message) from error.__cause__


def key_of(live: LiveToken, exchange: Exchange) -> str:
    grant, secret = exchange.grant, exchange.secret
    if isinstance(grant, AuthorizationCode):
        # The login outlives the client secret, which may be rotated; `_vouched_for` keeps a wrong one out.
        return store_key(grant, None)
    mark = fingerprint(secret or "")
    if live.store_key is None or live.store_key[0] != mark:
        live.store_key = (mark, store_key(grant, secret))
    return live.store_key[1]


def _is_news(stored: Token, live: LiveToken, now: float) -> bool:
    """Tell whether the stored token is another than the last one in memory, and good."""
    if live.dropped is not None and stored.access_token == live.dropped.access_token:
        return False
    previous = live.previous
    if previous is not None:
        if (stored.access_token, stored.obtained_at) == (previous.access_token, previous.obtained_at):
            return False
        # A store that did not take ours, or has lost it.
        if stored.obtained_at < previous.obtained_at - CLOCK_TOLERANCE or is_behind(stored, live, previous):
            return False
    # What comes from the future is older than a clock set back.
    return stored.obtained_at - CLOCK_TOLERANCE <= now < stored.usable_until()


class _Voucher:
    """What is kept beside a login's token, so that a caller with a wrong secret does not get it.

    It is made before the request: nothing slow stands between an answer and the save, in which a killed process would
    lose the login.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange, self._secret, self._verifier = exchange, exchange.secret, _verifier(exchange)

    def beside(self, token: Token) -> Token:
        """Return the token with the verifier of the secret that obtained it."""
        # The exchange may have found the secret rotated.
        same = self._exchange.secret == self._secret
        verifier = self._verifier if same else _verifier(self._exchange)
        return token if verifier is None else replace(token, extra={**token.extra, _VERIFIER: verifier})


def _verifier(exchange: Exchange) -> str | None:
    secret = exchange.secret
    if not isinstance(exchange.grant, AuthorizationCode) or secret is None:
        return None  # for client credentials the key vouches
    salt = os.urandom(16)
    return f"{salt.hex()}:{slow_hash(secret, salt)}"


def _vouched_for(exchange: Exchange, stored: Token) -> bool:
    secret = exchange.secret
    if not isinstance(exchange.grant, AuthorizationCode) or secret is None:
        return True  # for client credentials the key vouches
    salt, _, expected = str(stored.extra.get(_VERIFIER, "")).partition(":")
    try:
        return hmac.compare_digest(slow_hash(secret, bytes.fromhex(salt)), expected)
    except (ValueError, TypeError):
        return False

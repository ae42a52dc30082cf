"""How a token is renewed, from top to bottom: lock the store, look in it, else ask the token endpoint, save.

Runs in a flight, as plain synchronous code. A store that fails costs a warning and nothing else.
"""

from __future__ import annotations

import hmac
import logging
import os
import time
from dataclasses import replace
from functools import partial

from oauth_cc_auth._background import started
from oauth_cc_auth._budget import refund, spend
from oauth_cc_auth._exchange import Exchange, Parameters
from oauth_cc_auth._grants import AuthorizationCode
from oauth_cc_auth._guarded import GuardedStore
from oauth_cc_auth._live_token import CLOCK_TOLERANCE, LiveToken
from oauth_cc_auth._sharing import fingerprint, hold_on, let_go, slow_hash, store_key
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import InteractionRequired, InvalidGrant, OAuthError, TokenRequestError
from oauth_cc_auth.stores import TokenStore

log = logging.getLogger("oauth_cc_auth")

# Beside a refresh token in a store: the slow salted hash of the client secret that obtained it, as "salt:hash".
_VERIFIER = "client_secret_verifier"


# Seconds between the attempts to save a refresh token: 1 s doubling to a minute.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


def renew(live: LiveToken, exchange: Exchange, store: TokenStore | None) -> Token:
    """Return a token that is better than the live one. Raises an OAuthError."""
    if store is None:
        return _held(live, exchange, _fetch(exchange, store, live.previous))
    guarded, key = GuardedStore(store), _key(live, exchange)
    with guarded.lock(key):
        stored = guarded.load(key)
        if stored is not None and _is_news(stored, live, exchange.clock()) and _vouched_for(exchange, stored):
            return stored
        voucher = _Voucher(exchange)
        try:
            # The store knows best which refresh token is the last, except where it did not take ours.
            token = voucher.beside(_fetch(exchange, store, live.unsaved or stored or live.previous))
        except OAuthError:
            if stored is not None and live.dropped is not None and not isinstance(exchange.grant, AuthorizationCode):
                # Nothing replaces the refused token yet, and others who start now should not try it.
                guarded.discard(key, live.dropped)
            raise
        _save(live, exchange, guarded, token)
        return token


def log_in(live: LiveToken, exchange: Exchange, store: TokenStore | None, code: Parameters) -> Token:
    """Return the token that ends a login (RFC 6749 §4.1.3), saved as a renewed one is. Raises an OAuthError."""
    if store is None:
        return _held(live, exchange, exchange.fetch(None, code))
    guarded = GuardedStore(store)
    with guarded.lock(_key(live, exchange)):
        voucher = _Voucher(exchange)
        token = voucher.beside(exchange.fetch(None, code))
        _save(live, exchange, guarded, token)
        return token


def _held(live: LiveToken, exchange: Exchange, token: Token) -> Token:
    """Return the token; a login whose last refresh token is nowhere but here is kept in memory."""
    if token.refresh_token not in (None, getattr(exchange.grant, "refresh_token", None)):
        hold_on(live)
    return token


def _save(live: LiveToken, exchange: Exchange, guarded: GuardedStore, token: Token) -> None:
    """Save a token before anybody uses it: a process that dies then has lost nothing."""
    # The key is made anew, because the exchange may have found the secret rotated.
    key = _key(live, exchange)
    live.unsaved = None if guarded.save(key, token) else token
    if live.unsaved is not None and token.refresh_token is not None:
        log.error("a new refresh token could not be saved; it is kept in memory, and saving is tried again")
        started(partial(_save_until_it_works, guarded.store, key, token, live), "oauth-cc-auth-save")


def revoke(live: LiveToken, exchange: Exchange, store: TokenStore | None, token: Token | None, *, whole: bool) -> None:
    """Revoke this token and remove it from the store, or end a whole login. Raises an OAuthError."""
    if not isinstance(exchange.grant, AuthorizationCode):
        _revoke_token(live, exchange, store, token)
    elif whole:
        _end_login(live, exchange, store, token)
    else:
        # What has leaked of a login is its access token; the store's entry has the refresh token too, and stays.
        _tell(exchange, token)


def _tell(exchange: Exchange, token: Token | None) -> None:
    """Revoke a token at the server (RFC 7009), if there is one."""
    if token is not None:
        exchange.revoke(token)


def _revoke_token(live: LiveToken, exchange: Exchange, store: TokenStore | None, token: Token | None) -> None:
    """Revoke this token, or the stored one where memory has none."""
    if store is None:
        _tell(exchange, token)
        return
    guarded, key = GuardedStore(store), _key(live, exchange)
    with guarded.lock(key):
        last = token or guarded.load(key)
        if last is not None:
            exchange.revoke(last)
            guarded.discard(key, last)


def _end_login(live: LiveToken, exchange: Exchange, store: TokenStore | None, token: Token | None) -> None:
    """Revoke the last refresh token, which another process may have obtained; nobody finds it again."""
    if store is None:
        _tell(exchange, token)
        if live.previous is None:  # unless the user has logged in again meanwhile
            let_go(live)
        return
    guarded, key = GuardedStore(store), _key(live, exchange)
    with guarded.lock(key):
        stored = guarded.load(key)
        if stored is not None and not _vouched_for(exchange, stored):
            stored = None
        _tell(exchange, live.unsaved or stored or token)
        if stored is not None:
            guarded.discard(key, stored)
        live.unsaved = None


def _save_until_it_works(store: TokenStore, key: str, token: Token, live: LiveToken) -> None:
    """Go on until the refresh token is saved, or is not the last one any more: to lose it locks its user out."""
    pause = _FIRST_PAUSE
    while live.unsaved is token:
        time.sleep(pause)
        guarded = GuardedStore(store)
        with guarded.lock(key):
            stored = guarded.load(key)
            if stored is not None and stored.obtained_at > token.obtained_at:
                live.unsaved = None  # another process has renewed from what the store still had, and got through
            elif live.unsaved is token and guarded.save(key, token):
                live.unsaved = None
                log.warning("the refresh token that could not be saved is saved now")
        pause = min(2 * pause, _LONGEST_PAUSE)


def _fetch(exchange: Exchange, store: TokenStore | None, previous: Token | None) -> Token:
    asked_at = exchange.clock()
    spend(exchange.grant, store, asked_at)
    try:
        return exchange.fetch(previous)
    except OAuthError as error:
        status = error.status_code if isinstance(error, TokenRequestError) else 400
        if status is not None and status >= 400:
            # Refused, held to the vendor's own limit, or never sent: nothing was issued.
            refund(exchange.grant, store, asked_at)
        if not isinstance(error, InvalidGrant) or not isinstance(exchange.grant, AuthorizationCode):
            raise
        how = exchange.grant.how_to_log_in
        message = f"The refresh token is not valid any more: a user has to log in again. {how} The server said: {error}"
        raise InteractionRequired(message) from error.__cause__


def _key(live: LiveToken, exchange: Exchange) -> str:
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
    if previous is not None and (stored.access_token, stored.obtained_at) == (
        previous.access_token,
        previous.obtained_at,
    ):
        return False
    # Where a save failed, memory is ahead of the store. What comes from the future is older than a clock set back.
    return live.unsaved is None and stored.obtained_at - CLOCK_TOLERANCE <= now < stored.usable_until()


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

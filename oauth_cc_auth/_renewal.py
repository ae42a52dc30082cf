"""How a token is renewed, from top to bottom: lock the store, look in it, else ask the token endpoint, save.

Runs in a flight, as plain synchronous code. A store that fails costs a warning and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import time
from dataclasses import replace
from functools import partial

from oauth_cc_auth._background import started
from oauth_cc_auth._budget import refund, spend
from oauth_cc_auth._exchange import Exchange
from oauth_cc_auth._grants import AuthorizationCode
from oauth_cc_auth._guarded import GuardedStore
from oauth_cc_auth._live_token import CLOCK_TOLERANCE, LiveToken
from oauth_cc_auth._sharing import fingerprint, store_key
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
        return _fetch(exchange, store, live.previous)
    guarded, key = GuardedStore(store), _key(live, exchange)
    with guarded.lock(key):
        stored = guarded.load(key)
        if stored is not None and _vouched_for(exchange, stored) and _is_news(stored, live, exchange.clock()):
            return stored
        try:
            token = _vouching(exchange, _fetch(exchange, store, _latest(stored, live.previous)))
        except OAuthError:
            if stored is not None and live.dropped is not None and not isinstance(exchange.grant, AuthorizationCode):
                # Nothing replaces the refused token yet, and others who start now should not try it.
                guarded.discard(key, live.dropped)
            raise
        # Before anybody uses it: a process that dies now has lost nothing. The key is made anew, because the exchange
        # may have found the secret rotated.
        key = _key(live, exchange)
        if not guarded.save(key, token) and token.refresh_token is not None:
            log.error("a new refresh token could not be saved; it is kept in memory, and saving is tried again")
            started(partial(_save_until_it_works, store, key, token, live), "oauth-cc-auth-save")
        return token


def drop(live: LiveToken, exchange: Exchange, store: TokenStore, token: Token) -> None:
    """Remove a revoked token from the store, unless somebody has saved another meanwhile."""
    GuardedStore(store).discard(_key(live, exchange), token)


def _save_until_it_works(store: TokenStore, key: str, token: Token, live: LiveToken) -> None:
    """Go on until the refresh token is saved, or is not the last one any more: to lose it locks its user out."""
    pause = _FIRST_PAUSE
    while True:
        time.sleep(pause)
        guarded = GuardedStore(store)
        with guarded.lock(key):
            if _latest(token, guarded.load(key), live.previous) is not token:
                return
            if guarded.save(key, token):
                log.warning("the refresh token that could not be saved is saved now")
                return
        pause = min(2 * pause, _LONGEST_PAUSE)


def _fetch(exchange: Exchange, store: TokenStore | None, previous: Token | None) -> Token:
    asked_at = exchange.clock()
    spend(exchange.grant, store, asked_at)
    try:
        return exchange.fetch(previous)
    except TokenRequestError as error:
        if error.status_code is not None:
            refund(exchange.grant, store, asked_at)
        if not isinstance(error, InvalidGrant) or not isinstance(exchange.grant, AuthorizationCode):
            raise
        message = f"The refresh token is not valid any more: a user has to log in again. The server said: {error}"
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
    """Tell whether the stored token is younger than the last one in memory, and good."""
    if live.dropped is not None and stored.access_token == live.dropped.access_token:
        return False
    previous = live.previous
    # A token from the future was obtained before the clock was set back, and says nothing about which is younger.
    if previous is not None and previous.obtained_at <= now + CLOCK_TOLERANCE:
        known = stored.access_token == previous.access_token and stored.obtained_at == previous.obtained_at
        if known or stored.obtained_at < previous.obtained_at:
            return False
    return stored.obtained_at - CLOCK_TOLERANCE <= now < stored.usable_until()


def _latest(*tokens: Token | None) -> Token | None:
    """Return the token whose answer came last: where a save failed, memory is ahead of the store."""
    return max((token for token in tokens if token is not None), key=lambda token: token.obtained_at, default=None)


def _vouching(exchange: Exchange, token: Token) -> Token:
    secret = exchange.secret
    if not isinstance(exchange.grant, AuthorizationCode) or secret is None:
        return token
    salt = os.urandom(16)
    return replace(token, extra={**token.extra, _VERIFIER: f"{salt.hex()}:{_slow_hash(secret, salt)}"})


def _vouched_for(exchange: Exchange, stored: Token) -> bool:
    secret = exchange.secret
    if not isinstance(exchange.grant, AuthorizationCode) or secret is None:
        return True  # for client credentials the key vouches
    salt, _, expected = str(stored.extra.get(_VERIFIER, "")).partition(":")
    try:
        return hmac.compare_digest(_slow_hash(secret, bytes.fromhex(salt)), expected)
    except (ValueError, TypeError):
        return False


def _slow_hash(secret: str, salt: bytes) -> str:
    return hashlib.scrypt(secret.encode(), salt=salt, n=1 << 14, r=8, p=1, dklen=32).hex()

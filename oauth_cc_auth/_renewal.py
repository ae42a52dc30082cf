"""How a token is renewed, from top to bottom: lock the store, look in it, else ask the token endpoint, save.

Runs in a flight, as plain synchronous code. A store that fails costs a warning and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from oauth_cc_auth._exchange import Exchange
from oauth_cc_auth._grants import AuthorizationCode
from oauth_cc_auth._live_token import CLOCK_TOLERANCE, LiveToken
from oauth_cc_auth._sharing import fingerprint, store_key
from oauth_cc_auth._token import Token
from oauth_cc_auth._token_endpoint import is_access_token
from oauth_cc_auth.errors import InteractionRequired, InvalidGrant, OAuthError
from oauth_cc_auth.stores import TokenStore

log = logging.getLogger("oauth_cc_auth")

T = TypeVar("T")

# Beside a refresh token in a store: the slow salted hash of the client secret that obtained it, as "salt:hash".
_VERIFIER = "client_secret_verifier"


def renew(live: LiveToken, exchange: Exchange, store: TokenStore | None) -> Token:
    """Return a token that is better than the live one. Raises an OAuthError."""
    if store is None:
        return _fetch(exchange, live.previous)
    grant = exchange.grant
    key = _key(live, exchange)
    with _locked(store, key):
        stored = _attempted("load", lambda: _checked(store.load(key)), None)
        ours = stored is not None and _vouched_for(exchange, stored)
        if stored is not None and ours and _is_news(stored, live, exchange.clock()):
            return stored
        try:
            token = _vouching(exchange, _fetch(exchange, _latest(stored, live.previous)))
        except OAuthError:
            if stored is not None and live.dropped is not None and not isinstance(grant, AuthorizationCode):
                # Nothing replaces the refused token yet, and others who start now should not try it.
                _discard(store, key, live.dropped)
            raise
        # Before anybody uses it: a process that dies now has lost nothing. The key is made anew, because the exchange
        # may have found the secret rotated.
        _attempted("save", lambda: store.save(_key(live, exchange), token), None)
        return token


def drop(live: LiveToken, exchange: Exchange, store: TokenStore, token: Token) -> None:
    """Remove a revoked token from the store, unless somebody has saved another meanwhile."""
    _discard(store, _key(live, exchange), token)


def _discard(store: TokenStore, key: str, token: Token) -> None:
    _attempted("discard", lambda: store.discard(key, token), None)


def _fetch(exchange: Exchange, previous: Token | None) -> Token:
    try:
        return exchange.fetch(previous)
    except InvalidGrant as error:
        if not isinstance(exchange.grant, AuthorizationCode):
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
    """Tell whether the stored token is another than the one in memory, and good."""
    current = live.window.token
    if live.dropped is not None and stored.access_token == live.dropped.access_token:
        return False
    if current is not None and (stored.access_token, stored.obtained_at) == (current.access_token, current.obtained_at):
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


def _checked(stored: object) -> Token | None:
    if stored is not None and not isinstance(stored, Token):
        message = f"load returned a {type(stored).__name__} and no Token"
        raise TypeError(message)
    if stored is not None and not _is_sound(stored):
        message = "load returned a Token whose fields are not those of a token"
        raise TypeError(message)
    return stored


def _is_sound(stored: Token) -> bool:
    times = (stored.obtained_at, 0.0 if stored.expires_at is None else stored.expires_at)
    texts = (stored.scope, stored.refresh_token)
    return (
        is_access_token(stored.access_token)
        and all(isinstance(time, (int, float)) and math.isfinite(time) for time in times)
        and all(isinstance(text, (str, type(None))) for text in texts)
    )


def _attempted(what: str, work: Callable[[], T], otherwise: T) -> T:
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - whatever a store raises, the call goes on
        _warn(what, error)
        return otherwise


@contextmanager
def _locked(store: TokenStore, key: str) -> Iterator[None]:
    try:
        lock = store.lock(key)
        lock.__enter__()
    except Exception as error:  # noqa: BLE001 - see above
        _warn("lock", error)
        yield
        return
    try:
        yield
    finally:
        _attempted("unlock", lambda: lock.__exit__(None, None, None), None)


def _warn(what: str, error: Exception) -> None:
    # Its class and no more: what a store's driver says may quote the token.
    log.warning("the token store failed to %s (%s); going on without it", what, type(error).__name__)

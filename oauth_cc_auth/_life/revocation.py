"""How a token is revoked, or a login ended, at the server (RFC 7009), in the store and here."""

from __future__ import annotations

from contextlib import suppress

from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._grant.authorization_code import AuthorizationCode
from oauth_cc_auth._life.live_token import LiveToken, Withdrawn
from oauth_cc_auth._life.renewal import key_of
from oauth_cc_auth._life.shelf import GuardedStore
from oauth_cc_auth._life.table import let_go
from oauth_cc_auth._login.refresh_token import NO_ANSWER, last_of
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import OAuthError, TokenEndpointUnavailable
from oauth_cc_auth.stores import TokenStore


def end(
    live: LiveToken, exchange: Exchange, store: TokenStore | None, known: Withdrawn, *, whole: bool, limit: float
) -> None:
    """Revoke what is known, and see to it that nothing here goes on with it. Raises an OAuthError.

    A renewal in the air of a login that is in memory alone brings what has to be revoked: it is waited for, for `limit`
    seconds at most.
    """
    token, previous = known.token, known.previous
    if known.flight is not None and store is None and isinstance(exchange.grant, AuthorizationCode):
        with suppress(OAuthError):
            token = previous = known.flight.wait(limit)
    try:
        ended = revoke(live, exchange, store, token, whole=whole)
    except OAuthError:
        with live.lock:
            live.previous = live.previous or previous  # to be revoked later
        raise
    with live.lock:
        last = live.previous
        if whole and ended and last and last.refresh_token and last.refresh_token == ended.refresh_token:
            # What a renewal brought that came before this in the store's queue.
            live.forget(live.window.token)
            live.previous = None


def revoke(
    live: LiveToken, exchange: Exchange, store: TokenStore | None, token: Token | None, *, whole: bool
) -> Token | None:
    """Revoke this token and remove it from the store, or end a whole login; return what was revoked.

    Raises an OAuthError, also where the store has the login's last refresh token and does not answer.
    """
    if not isinstance(exchange.grant, AuthorizationCode):
        return _revoke_token(live, exchange, store, token)
    if whole:
        return _end_login(live, exchange, store, token)
    # What has leaked of a login is its access token; the store's entry has the refresh token too, and stays.
    return _tell(exchange, token)


def _tell(exchange: Exchange, token: Token | None) -> Token | None:
    """Revoke a token at the server (RFC 7009), if there is one."""
    if token is not None:
        exchange.revoke(token)
    return token


def _revoke_token(live: LiveToken, exchange: Exchange, store: TokenStore | None, token: Token | None) -> Token | None:
    """Revoke this token, or the stored one where memory has none."""
    if store is None:
        return _tell(exchange, token)
    guarded, key = GuardedStore(store), key_of(live, exchange)
    with guarded.lock(key):
        last = _tell(exchange, token or guarded.load(key))
        if last is not None:
            guarded.discard(key, last)
    return last


def _end_login(live: LiveToken, exchange: Exchange, store: TokenStore | None, token: Token | None) -> Token | None:
    """Revoke the last refresh token, which another process may have obtained; nobody finds it again."""
    if store is None:
        _tell(exchange, token)
        if live.previous is None:  # unless the user has logged in again meanwhile
            let_go(live)
        return token
    guarded, key = GuardedStore(store), key_of(live, exchange)
    with guarded.lock(key):
        stored = guarded.load(key)
        if guarded.failed:
            raise TokenEndpointUnavailable(message=NO_ANSWER)
        # Whether the secret is right is for the server to say: it may have been rotated since the last renewal.
        last = _tell(exchange, last_of(live, stored, live.unsaved or token))
        if stored is not None:
            guarded.discard(key, stored)
        live.unsaved = None
    return last

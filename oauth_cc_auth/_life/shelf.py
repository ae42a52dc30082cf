"""A user's store as the core sees it: whatever fails there costs one warning, and never a call."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, TypeVar

from oauth_cc_auth._token import Token, is_access_token
from oauth_cc_auth.stores._protocol import is_ours

if TYPE_CHECKING:
    from oauth_cc_auth.stores import TokenStore


log = logging.getLogger("oauth_cc_auth")


T = TypeVar("T")


class GuardedStore:
    """The methods of a `TokenStore`, which do not raise; for one renewal, so that one outage is one warning.

    `failed` tells that something has gone wrong.
    """

    __slots__ = ("failed", "store")

    def __init__(self, store: TokenStore) -> None:
        """Guard this store."""
        self.store = store
        self.failed = False

    def load(self, key: str) -> Token | None:
        """Return the token under this key; None also where the store fails, or returns what is no token."""
        return self._attempt("load", lambda: _checked(self.store.load(key)), None)

    def save(self, key: str, token: Token) -> bool:
        """Keep this token under this key; return whether that worked."""
        return self._attempt("save", lambda: _saved(self.store, key, token), otherwise=False)

    def discard(self, key: str, token: Token) -> None:
        """Remove what is under this key if it is still this token."""
        self._attempt("discard", lambda: self.store.discard(key, token), None)

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Let one renew at a time; go on without the lock where it cannot be had."""
        lock = self._attempt("lock", lambda: _entered(self.store, key), None)
        try:
            yield
        finally:
            if lock is not None:
                self._attempt("unlock", lambda: lock.__exit__(None, None, None), None)

    def _attempt(self, what: str, work: Callable[[], T], otherwise: T) -> T:
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - whatever a store raises, the call goes on
            # Its class, and what the system says: a driver's own words may quote the token.
            why = type(error).__name__
            if isinstance(error, OSError) and error.strerror:
                why = f"{why}: {error.strerror}"
            level = logging.DEBUG if self.failed else logging.WARNING
            log.log(level, "the token store failed to %s (%s); going on without %s", what, why, _shown(self.store))
            self.failed = True
            return otherwise


def _shown(store: TokenStore) -> object:
    """Return what the log shows of a store: where ours keep their tokens, of another the class, which tells none."""
    return store if is_ours(store) else type(store).__name__


def _entered(store: TokenStore, key: str) -> AbstractContextManager[object]:
    lock = store.lock(key)
    lock.__enter__()
    return lock


def _saved(store: TokenStore, key: str, token: Token) -> bool:
    store.save(key, token)
    return True


def _checked(stored: object) -> Token | None:
    if stored is None or (isinstance(stored, Token) and _is_sound(stored)):
        return stored
    message = f"load returned a {type(stored).__name__} that is no token"
    raise TypeError(message)


def _is_sound(stored: Token) -> bool:
    times = (stored.obtained_at, 0.0 if stored.expires_at is None else stored.expires_at)
    texts = (stored.scope, stored.refresh_token)
    return (
        is_access_token(stored.access_token)
        and all(isinstance(time, (int, float)) and math.isfinite(time) for time in times)
        and all(isinstance(text, (str, type(None))) for text in texts)
    )

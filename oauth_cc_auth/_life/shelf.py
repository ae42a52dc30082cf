"""One key of a user's store, as a renewal sees it: what fails there is told once, and never costs a call."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeGuard, TypeVar

from oauth_cc_auth._life.watch import token_or_work
from oauth_cc_auth._raising import innermost
from oauth_cc_auth._token import Token, is_access_token
from oauth_cc_auth.stores._protocol import load_or_lock_of, shown

if TYPE_CHECKING:
    from oauth_cc_auth._life.report import Report
    from oauth_cc_auth.stores import TokenStore


log = logging.getLogger("oauth_cc_auth")

T = TypeVar("T")


class Shelf:
    """The methods of a `TokenStore` for one key, which do not raise; for one renewal, so one outage is one event.

    `key` is a function, because a secret that is found rotated changes it. Without a store the shelf is empty, and the
    key, which is slow to compute, is not asked for. `failed` tells that something has gone wrong, and `report` the
    listeners, unless they know.
    """

    __slots__ = ("_key", "_report", "failed", "store")

    def __init__(self, store: TokenStore | None, key: Callable[[], str], report: Report | None = None) -> None:
        """Begin; the store is not asked yet."""
        self.store, self._key, self._report, self.failed = store, key, report, False

    def load(self) -> Token | None:
        """Return the token; None also where the store fails, or returns what is no token."""
        return self._attempt("load", lambda store: _checked(store.load(self._key())), None)

    def save(self, token: Token) -> bool:
        """Keep this token; return whether that worked."""
        return self._attempt("save", lambda store: _saved(store, self._key(), token), otherwise=False)

    def discard(self, token: Token) -> None:
        """Remove what is there if it is still this token."""
        self._attempt("discard", lambda store: store.discard(self._key(), token), None)

    def token_or(
        self, usable: Callable[[Token], bool], taken: Callable[[Token], Token], work: Callable[[], Token]
    ) -> Token:
        """Return what `taken` makes of a usable token, as soon as the store has one; else what `work` returns.

        `work` runs while nobody else who shares the store does so; where the store does not give its lock, all the
        same.
        """
        if self.store is None:
            return work()
        if (load_or_lock := load_or_lock_of(self.store)) is None:
            return token_or_work(self, usable, taken, work)
        with ExitStack() as stack:
            try:
                judged = load_or_lock(self._key(), lambda kept: is_sound(kept) and usable(kept))
                token = stack.enter_context(self._released(judged))
            except TimeoutError as error:
                self._failed("lock", error)  # long enough
            except Exception as error:  # noqa: BLE001 - whatever a store raises, the call goes on
                self._failed("look and lock", error)
                stack.enter_context(self.locked())  # a lock may be there though the token cannot be read
            else:
                if token is not None:
                    return taken(token)
            return work()

    @contextmanager
    def _released(self, context: AbstractContextManager[Token | None]) -> Iterator[Token | None]:
        token = context.__enter__()
        try:
            yield token
        finally:
            self._attempt("unlock", lambda _: context.__exit__(None, None, None), None)

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Let one renew at a time; go on without the lock where the store does not give it, and tell so."""
        lock = self._attempt("lock", lambda store: _entered(store, self._key()), None)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                self._attempt("unlock", lambda _: lock.__exit__(None, None, None), None)

    def _attempt(self, what: str, work: Callable[[TokenStore], T], otherwise: T) -> T:
        if self.store is None:
            return otherwise
        try:
            return work(self.store)
        except Exception as error:  # noqa: BLE001 - whatever a store raises, the call goes on
            self._failed(what, error)
            return otherwise

    def _failed(self, what: str, error: Exception) -> None:
        why, store = reason_of(error), shown(self.store)
        if self._report is None or self.failed:
            log.debug("the token store failed to %s (%s); going on without %s", what, why, store)
        else:
            self._report.add("StoreFailed", operation=what, store=store, error=why)
        self.failed = True


def reason_of(error: Exception) -> str:
    """Return the class of a store's error, and what the system says: a driver's own words may quote the token."""
    why, behind = type(error).__name__, innermost(error)
    said = behind.strerror if isinstance(behind, OSError) else None
    return f"{why}: {said}" if said else why


def _entered(store: TokenStore, key: str) -> AbstractContextManager[object]:
    lock = store.lock(key)
    lock.__enter__()
    return lock


def _saved(store: TokenStore, key: str, token: Token) -> bool:
    store.save(key, token)
    return True


def _checked(stored: object) -> Token | None:
    if stored is None or is_sound(stored):
        return stored
    message = f"load returned a {type(stored).__name__} that is no token"
    raise TypeError(message)


def is_sound(stored: object) -> TypeGuard[Token]:
    """Tell whether this is a token, and all of it of the right type."""
    if not isinstance(stored, Token):
        return False
    times = (stored.obtained_at, 0.0 if stored.expires_at is None else stored.expires_at)
    texts = (stored.scope, stored.refresh_token)
    return (
        is_access_token(stored.access_token)
        and all(isinstance(time, (int, float)) and math.isfinite(time) for time in times)
        and all(isinstance(text, (str, type(None))) for text in texts)
    )

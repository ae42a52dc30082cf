"""What a store must do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias, cast, runtime_checkable

from oauth_cc_auth._token import Token

LoadOrLock: TypeAlias = "Callable[[str, Callable[[Token], bool]], AbstractContextManager[Token | None]]"


@runtime_checkable
class TokenStore(Protocol):
    """Keeps tokens for everybody who shares the store. Any method may raise; the call goes on without the store."""

    def load(self, key: str) -> Token | None:
        """Return the token under this key, or None."""
        ...

    def save(self, key: str, token: Token) -> None:
        """Keep this token under this key, durably before returning, as far as the store can."""
        ...

    def discard(self, key: str, token: Token) -> None:
        """Remove what is under this key, but only if it is still this access token."""
        ...

    def lock(self, key: str) -> AbstractContextManager[object]:
        """Return a context in which nobody else who shares the store renews this key; it must give up by itself."""
        ...


@runtime_checkable
class WatchedStore(TokenStore, Protocol):
    """A `TokenStore` that can tell when a token is saved, so that those who wait leave the queue for the lock.

    The method is optional. Without it the package asks `load` four times a second while `lock` waits in a thread.
    """

    def load_or_lock(self, key: str, usable: Callable[[Token], bool]) -> AbstractContextManager[Token | None]:
        """Return a context that begins as soon as one of two things is there.

        Either a token under this key for which `usable` returns True: the context's value is that token. Or the lock of
        this key: the value is None, and the lock is held until the context ends. Raise TimeoutError to give up.
        """
        ...


def locks_each_key(store: object) -> bool:
    """Return whether each key of this store has a lock of its own: its own class says ``locks_each_key = True``."""
    return _says("locks_each_key", store)


def shown(store: object) -> str:
    """Return what a log shows of a store: its repr only where its own class says ``shows_no_secret = True``."""
    return repr(store) if _says("shows_no_secret", store) else type(store).__name__


def load_or_lock_of(store: object) -> LoadOrLock | None:
    """Return the store's `load_or_lock`; None where it has none, or a subclass has a lock of its own."""
    method = getattr(store, "load_or_lock", None)
    if not callable(method):
        return None
    for known in (getattr(store, "__dict__", {}), *map(vars, type(store).__mro__)):
        if "load_or_lock" in known:
            break
        if "lock" in known:
            return None
    return cast("LoadOrLock", method)


def _says(name: str, store: object) -> bool:
    # A subclass may change what is said above it, and has to say so again.
    return name in vars(type(store)) and getattr(store, name) is True

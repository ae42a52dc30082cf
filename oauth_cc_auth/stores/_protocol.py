"""What a store must do."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from oauth_cc_auth._token import Token


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


def locks_each_key(store: object) -> bool:
    """Return whether each key of this store has a lock of its own: its own class says ``locks_each_key = True``."""
    return _says("locks_each_key", store)


def shown(store: object) -> str:
    """Return what a log shows of a store: its repr only where its own class says ``shows_no_secret = True``."""
    return repr(store) if _says("shows_no_secret", store) else type(store).__name__


def _says(name: str, store: object) -> bool:
    # A subclass may change what is said above it, and has to say so again.
    return name in vars(type(store)) and getattr(store, name) is True

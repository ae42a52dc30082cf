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


def is_ours(store: object) -> bool:
    """Tell whether a store is one of this package: its repr shows no secret, and each key has a lock of its own."""
    return type(store).__module__.startswith("oauth_cc_auth.")

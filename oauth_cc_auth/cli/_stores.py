"""Where the command line keeps a login, for the programs that go on with it."""

from __future__ import annotations

from contextlib import AbstractContextManager

import click

from oauth_cc_auth import ConfigurationError, FileStore, OAuthError, Token, TokenStore

# What may be chosen, and the class of this package that is meant.
CLASSES = {"file": "FileStore", "keyring": "KeyringStore"}

_ELSEWHERE = {"file": "--store keyring", "keyring": "--store file"}


def opened(choice: str) -> TokenStore:
    """Return the store that was chosen. Raises ClickException if it has no place, or no library."""
    if choice == "file":
        try:
            return FileStore()
        except ConfigurationError as wrong:
            raise _useless("a file", choice, wrong) from None
    try:
        from oauth_cc_auth import KeyringStore  # noqa: PLC0415 - an extra of its own
    except ImportError as missing:
        raise click.ClickException(f"{missing}, or leave --store out.") from None
    return KeyringStore()


def place_of(store: TokenStore) -> str:
    """Say where a store keeps what it is given."""
    return str(store.path) if isinstance(store, FileStore) else "the keyring"


def _useless(place: str, choice: str, error: Exception) -> click.ClickException:
    why = " ".join(str(error).split()) or type(error).__name__
    return click.ClickException(f"Nothing can be kept in {place} ({why}). Mend that, or try {_ELSEWHERE[choice]}.")


class KeptStore:
    """A store of which it matters that it keeps what it is given.

    To a call a broken store is no obstacle, so the core goes on without it; a login that is not kept is lost.
    """

    def __init__(self, choice: str) -> None:
        """Open the store and try it. Raises ClickException, which says why it is of no use."""
        self.choice = choice
        self.store = opened(choice)
        self._failure: Exception | None = None
        try:
            self.store.load("oauth-cc-auth login")
            with self.store.lock("oauth-cc-auth login"):
                pass
        except OAuthError:
            raise
        except Exception as error:  # noqa: BLE001 - a keyring's backend raises what it likes
            raise _useless(place_of(self.store), choice, error) from None

    def check(self) -> None:
        """Raise ClickException if the last token was not kept."""
        if self._failure is not None:
            raise _useless(place_of(self.store), self.choice, self._failure)

    # What follows is TokenStore.

    def load(self, key: str) -> Token | None:
        """Return the token under this key, or None."""
        return self.store.load(key)

    def save(self, key: str, token: Token) -> None:
        """Keep this token under this key, and know whether that worked."""
        try:
            self.store.save(key, token)
        except Exception as error:
            self._failure = error
            raise
        self._failure = None

    def discard(self, key: str, token: Token) -> None:
        """Remove what is under this key if it is still this access token."""
        self.store.discard(key, token)

    def lock(self, key: str) -> AbstractContextManager[object]:
        """Let one process renew this key at a time."""
        return self.store.lock(key)

"""Which store the command line uses, and a store of which it matters that it keeps a login."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from click.shell_completion import CompletionItem

from oauth_cc_auth import ConfigurationError, OAuthError

if TYPE_CHECKING:
    from oauth_cc_auth import Token, TokenStore

VARIABLE, KEYS = "OAUTH_CC_AUTH_STORE", "OAUTH_CC_AUTH_STORE_KEYS"

_CLASSES = {"file": "FileStore", "keyring": "KeyringStore"}
_ELSEWHERE = {"file": "--store keyring", "keyring": "--store file"}
_REDIS = ("redis://", "rediss://", "unix://")
_ENCRYPTED = "encrypted:"


class StoreName(click.ParamType[str]):
    """The name of a store: file, keyring, a URL of Redis, or encrypted: before one of these."""

    name = "store"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name. Fails for one that is no store, and for a password that other processes could read."""
        inner = value.removeprefix(_ENCRYPTED)
        if inner not in _CLASSES and not inner.startswith(_REDIS):
            self.fail("use file, keyring, redis://HOST:PORT, or encrypted: before one of these, as encrypted:file.")
        asked = ctx is not None and param is not None and param.name is not None
        typed = asked and ctx.get_parameter_source(param.name) is not click.core.ParameterSource.ENVIRONMENT  # type: ignore[union-attr]  # asked
        if typed and inner.startswith(_REDIS) and urlsplit(inner).password:
            self.fail(f"other processes can read a password in an argument: set {VARIABLE} to this URL instead.")
        return value

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - click's signature
        """Return what `--help` shows."""
        return "file|keyring|redis://...|encrypted:..."

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002 - as above
        incomplete: str,
    ) -> list[CompletionItem]:
        """Offer the names."""
        names = (*_CLASSES, "redis://", *(f"{_ENCRYPTED}{name}" for name in _CLASSES))
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def opened(choice: str) -> TokenStore:
    """Return the store that was chosen. Raises ClickException if it has no place, no library or no key."""
    if choice.startswith(_ENCRYPTED):
        keys = os.environ.get(KEYS, "").split()
        if not keys:
            raise click.ClickException(
                f"{KEYS} is not set: it holds the keys of the encrypted store, separated by blanks. To make one: "
                'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
            )
        return _made("EncryptedStore", opened(choice.removeprefix(_ENCRYPTED)), keys)
    if choice.startswith(_REDIS):
        return _made("RedisStore", choice)
    if choice == "file":
        try:
            return _made("FileStore")
        except ConfigurationError as wrong:
            raise _useless("a file", choice, wrong) from None
    return _made("KeyringStore")


def _made(name: str, *arguments: Any) -> TokenStore:
    import oauth_cc_auth  # noqa: PLC0415 - each store is an extra of its own

    try:
        store: TokenStore = getattr(oauth_cc_auth, name)(*arguments)
    except ImportError as missing:
        raise click.ClickException(f"{missing}, or leave --store out.") from None
    return store


def in_python(choice: str) -> str:
    """Return the expression that opens this store in Python, without a password."""
    if choice.startswith(_ENCRYPTED):
        return f'EncryptedStore({in_python(choice.removeprefix(_ENCRYPTED))}, os.environ["{KEYS}"].split())'
    if choice.startswith(_REDIS):
        return f'RedisStore(os.environ["{VARIABLE}"])' if urlsplit(choice).password else f"RedisStore({choice!r})"
    return f"{_CLASSES[choice]}()"


def place_of(store: TokenStore) -> str:
    """Say where a store keeps what it is given."""
    if path := getattr(store, "path", None):
        return str(path)
    if inner := getattr(store, "store", None):
        return f"{place_of(inner)}, encrypted"
    return "Redis" if type(store).__name__ == "RedisStore" else "the keyring"


def _useless(place: str, choice: str, error: Exception) -> click.ClickException:
    why = " ".join(str(error).split()) or type(error).__name__
    return click.ClickException(
        f"Nothing can be kept in {place} ({why}). Mend that, or try {_ELSEWHERE.get(choice, '--store file')}."
    )


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

"""Encryption around any store: what reaches the inner store is a token whose text is the real one's ciphertext.

The first key encrypts, every key decrypts. What cannot be decrypted is a miss and stays where it is. The entry's key
is encrypted with the token, so that nobody who may write to the inner store can pass one entry off as another.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from oauth_cc_auth._frozen import replace
from oauth_cc_auth._text import needs
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError
from oauth_cc_auth.stores._entries import Entry
from oauth_cc_auth.stores._format import dump, parse
from oauth_cc_auth.stores._line import Usable
from oauth_cc_auth.stores._protocol import LoadOrLock, TokenStore, load_or_lock_of, locks_each_key, shown

try:
    from cryptography.fernet import Fernet, InvalidToken, MultiFernet
except ImportError as missing:
    message = needs("EncryptedStore", "cryptography", "encrypted")
    raise ImportError(message) from missing

log = logging.getLogger("oauth_cc_auth")


class EncryptedStore:
    """Encrypts tokens on their way into another store (Fernet: AES-128-CBC with HMAC-SHA256).

    `store` is any TokenStore. `keys` is one key as `cryptography.fernet.Fernet.generate_key()` makes it, or several:
    the first encrypts, all decrypt. A new key is added last everywhere, then put first everywhere, and the old one
    removed once nothing needs it: a process without the key that another writes with can cost a login. The inner store
    sees in the clear when a token was obtained and when it expires, and the length of the rest. A pickle or a copy
    carries the keys, as a grant's carries its secret: a spawned worker needs them.

    Raises ConfigurationError, without quoting it, for a key that is none. `load` returns None, and logs why, for what
    none of the keys decrypts, or what was saved in the clear; else the methods raise what the inner store raises.
    """

    shows_no_secret = True

    def __init__(self, store: TokenStore, keys: str | bytes | Sequence[str | bytes]) -> None:
        """Check the keys; the inner store is not asked yet."""
        if not isinstance(store, TokenStore):
            raise ConfigurationError(
                "store lacks the methods load, save, discard and lock: pass FileStore() or another token store"
            )
        self.store = store
        try:
            self._keys = (keys,) if isinstance(keys, (str, bytes)) else tuple(keys)
            self._fernet = MultiFernet([Fernet(key) for key in self._keys])
        except (ValueError, TypeError):
            message = "keys: there is none, or one is not as cryptography.fernet.Fernet.generate_key() makes it"
            raise ConfigurationError(message) from None
        if (inner := load_or_lock_of(store)) is not None:
            self.load_or_lock = partial(self._load_or_lock, inner)

    @property
    def locks_each_key(self) -> bool:
        """Whether the inner store has a lock for each key."""
        return locks_each_key(self.store)

    def load(self, key: str) -> Token | None:
        """Return the token under this key, or None."""
        kept = self.store.load(key)
        return None if kept is None else self._decrypted(key, kept)

    def save(self, key: str, token: Token) -> None:
        """Keep this token under this key."""
        ciphertext = self._fernet.encrypt(dump(token, key)).decode()
        # A refresh token outlives its access token, so the inner store must not drop it with that.
        expires_at = token.expires_at if token.refresh_token is None else None
        self.store.save(key, Token(ciphertext, expires_at=expires_at, obtained_at=token.obtained_at))

    def discard(self, key: str, token: Token) -> None:
        """Remove what is under this key if it is still this access token."""
        kept = self.store.load(key)
        found = None if kept is None else self._decrypted(key, kept)
        if kept is not None and found is not None and found.access_token == token.access_token:
            # The inner store compares the ciphertext, which no other save has produced.
            self.store.discard(key, kept)

    def entries(self) -> Iterator[Entry]:
        """Return what the inner store holds, decrypted, for people to look at. Raises TypeError if it cannot."""
        listed = getattr(self.store, "entries", None)
        if listed is None:
            raise TypeError(f"{shown(self.store)} cannot list what it holds")
        for entry in listed():
            token = entry.token and self._decrypted(None, entry.token)
            problem = entry.problem or (None if token else "it is in the clear, or none of the keys decrypts it")
            yield replace(entry, token=token, problem=problem)

    def lock(self, key: str) -> AbstractContextManager[object]:
        """Return the inner store's lock."""
        return self.store.lock(key)

    @contextmanager
    def _load_or_lock(self, inner: LoadOrLock, key: str, usable: Usable) -> Iterator[Token | None]:
        """Begin with a usable token as soon as the inner store has one, else with its lock."""
        found: Token | None = None
        seen: Token | None = None

        def is_usable(kept: Token) -> bool:
            # The same ciphertext is decrypted, and warned about, once.
            nonlocal found, seen
            if kept != seen:
                found, seen = self._decrypted(key, kept), kept
            return found is not None and usable(found)

        with inner(key, is_usable) as kept:
            yield None if kept is None else found

    def _decrypted(self, key: str | None, kept: Token) -> Token | None:
        try:
            content = self._fernet.decrypt(kept.access_token.encode("utf-8", "surrogatepass"))
        except InvalidToken:
            log.warning("the token in %r is ignored: it is in the clear, or none of the keys decrypts it", self)
            return None
        try:
            return parse(content, key)
        except ValueError as error:
            log.warning("the token in %r is ignored: %s", self, error)
            return None

    def __reduce__(self) -> tuple[type[EncryptedStore], tuple[TokenStore, tuple[str | bytes, ...]]]:
        """Pickle and copy with the keys."""
        return EncryptedStore, (self.store, self._keys)

    def __repr__(self) -> str:
        """Show the inner store, and no key; of somebody else's store its class, which tells no password."""
        return f"EncryptedStore({shown(self.store)})"

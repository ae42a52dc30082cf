"""A store in the desktop's keyring: macOS Keychain, Windows Credential Locker, Secret Service, KWallet.

A keyring knows no lock and no compare-and-delete, so both are had from files in the user's cache folder, which hold
nothing. It may ask its user to unlock it and wait for the answer, so it is called in a thread that can be left behind,
and then, for a while, not at all.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from threading import Lock
from typing import TypeVar

from oauth_cc_auth._text import needs
from oauth_cc_auth._threads import within
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError
from oauth_cc_auth.stores._format import dump, parse
from oauth_cc_auth.stores._line import LOCK_SECONDS, Usable
from oauth_cc_auth.stores._pause import Pause, is_worth_another_try

try:
    import keyring

    from oauth_cc_auth.stores._file import FileStore
except ImportError as missing:
    message = needs("KeyringStore", "keyring and filelock", "keyring")
    raise ImportError(message) from missing

T = TypeVar("T")

log = logging.getLogger("oauth_cc_auth")

# A keyring that is unlocked answers within a second. A user who is asked to unlock it takes longer than a call may
# wait; a later renewal finds it unlocked.
ANSWER_SECONDS = 4.0

# After that nobody else waits, nor the same call once more, for about as long as a user needs to type a password.
PAUSE_SECONDS = 5.0

# CRED_MAX_CREDENTIAL_BLOB_SIZE is 2560 bytes, and Windows' keyring stores UTF-16.
WINDOWS_CHARACTERS = 1280

# One call at a time, so that one that was left behind cannot overwrite a later one; by process, for a forked child.
_turns: dict[int, Lock] = {}

# One for all stores: their keyring is the same.
_pause = Pause()


class KeyringStore:
    """Keeps tokens in the desktop's keyring: for the refresh tokens of a user's own programs.

    `service` is the name under which the keyring lists them; the key is the user name. `lock_timeout` is in seconds, as
    it is in FileStore. Which keyring is used is keyring's own setting. Copies and pickles share the keyring.

    Raises ConfigurationError for a `service` that is no name, and where FileStore() does. `load` returns None, and logs
    why, for an entry that is no token or a newer version's; `lock` raises TimeoutError when it gives up; the others
    raise what the keyring raises, TimeoutError if it does not answer within 4 s and at once in the 5 s after that, and
    ValueError if a token is too long for it (Windows: 1280 characters).
    """

    locks_each_key = shows_no_secret = True

    def __init__(self, service: str = "oauth-cc-auth", *, lock_timeout: float = LOCK_SECONDS) -> None:
        """Begin; the keyring is not asked yet."""
        if not isinstance(service, str) or not service:
            raise ConfigurationError("service is not a name")
        self.service = service
        self._files = FileStore(lock_timeout=lock_timeout)

    def load(self, key: str) -> Token | None:
        """Return the token under this key, or None."""
        kept = _answer(lambda: keyring.get_password(self.service, key))
        if kept is None:
            return None
        try:
            return parse(kept.encode("utf-8", "replace"), key)
        except ValueError as error:
            log.warning("the token in the keyring, service %s, user %s, is ignored: %s", self.service, key, error)
            return None

    def save(self, key: str, token: Token) -> None:
        """Keep this token under this key."""
        content = dump(token, key).decode()
        with self._files.writing(self._name(key)):
            _answer(lambda: _set(self.service, key, content), anyway=is_worth_another_try(token))

    def discard(self, key: str, token: Token) -> None:
        """Remove what is under this key if it is still this access token."""
        with self._files.writing(self._name(key)):
            kept = self.load(key)
            if kept is not None and kept.access_token == token.access_token:
                _answer(lambda: keyring.delete_password(self.service, key))

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Let one process renew at a time; raise TimeoutError after `lock_timeout`."""
        return self._files.lock(self._name(key))

    def load_or_lock(self, key: str, usable: Usable) -> AbstractContextManager[Token | None]:
        """Begin with a usable token as soon as the keyring has one, else with the key's lock."""
        return self._files.load_or_lock(self._name(key), usable, load=partial(self._looked, key))

    def _looked(self, key: str) -> Token | None:
        try:
            return self.load(key)
        except TimeoutError as error:
            raise OSError(str(error)) from error  # a TimeoutError would say that the lock is not to be had

    def _name(self, key: str) -> str:
        return f"keyring\n{self.service}\n{key}"

    def __repr__(self) -> str:
        """Show the service."""
        return f"KeyringStore({self.service!r})"


def _set(service: str, key: str, content: str) -> None:
    if type(keyring.get_keyring()).__name__ == "WinVaultKeyring" and len(content) > WINDOWS_CHARACTERS:
        message = (
            f"this token takes {len(content)} characters, and Windows' keyring {WINDOWS_CHARACTERS}: use FileStore"
        )
        raise ValueError(message)
    keyring.set_password(service, key, content)


def _answer(work: Callable[[], T], *, anyway: bool = False) -> T:
    if _pause.lasts() and not anyway:
        raise TimeoutError(f"the keyring did not answer less than {PAUSE_SECONDS:g} s ago")
    turn = _turns.setdefault(os.getpid(), Lock())

    def in_turn() -> T:
        if not turn.acquire(timeout=ANSWER_SECONDS):
            raise TimeoutError("the keyring has not answered an earlier call yet")
        try:
            return work()
        finally:
            turn.release()

    try:
        answer = within(ANSWER_SECONDS, in_turn, "oauth-cc-auth-keyring")
    except TimeoutError:
        _pause.begin(PAUSE_SECONDS)
        raise
    if anyway:
        _pause.end()
    return answer

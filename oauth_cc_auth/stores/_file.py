"""A store in files, for all processes of one user on one machine.

A file is replaced as a whole and never changed, so that whoever reads it, at any moment, reads the old content or the
new. Only what this user alone could have written is believed: no symbolic link is followed, and a file that belongs to
somebody else, or to which others may write, is no token. Two locks stand beside each file: one for a renewal, which
takes as long as a token request, and one for a write.
"""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from hashlib import blake2b
from pathlib import Path

from oauth_cc_auth._text import needs
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError
from oauth_cc_auth.stores._entries import Entry
from oauth_cc_auth.stores._format import dump, parse
from oauth_cc_auth.stores._line import LOCK_SECONDS, Pauses, Release, Usable, token_or_lock
from oauth_cc_auth.stores._replacing import POSIX, opened_privately, replace, sync

try:
    import filelock
    import platformdirs
except ImportError as missing:
    message = needs("FileStore", "filelock and platformdirs", "file")
    raise ImportError(message) from missing

log = logging.getLogger("oauth_cc_auth")

# A write takes milliseconds, and on a busy disk a second.
WRITE_SECONDS = 3.0

# How often a waiting process tries the lock: soon after a renewal, which takes some 50 ms, and less and less often.
_PAUSES = Pauses(0.02, 0.25)

# How often one that writes, or waits for the lock alone, tries: at 1 % of a core's time.
_POLL_SECONDS = 0.02

# Those whose wait for the lock is over count together if no more than this lies between them.
_OVERDUE_SECONDS = 60.0

# An answer has 1 MiB at most, of which JSON may make six times as much.
_MOST_BYTES = 8 << 20


class FileStore:
    """Keeps tokens in a folder, one file for each key: for all processes of one user on one machine.

    `path` is the folder, by default `oauth-cc-auth` in the user's cache folder. It is made when it is first needed, for
    this user alone, as are its files; a folder that exists keeps its rights. `lock_timeout` is in seconds: for so long
    a renewal waits for another process's renewal; it should exceed twice the source's `timeout`, and stay under three
    times. Copies and pickles share the folder. The folder must not be on a network file system without locks.

    Raises ConfigurationError if `path` is no folder or everybody may write to it. `load` returns None, and logs why,
    for a file that is truncated, foreign, of a newer version or not to be trusted; `lock` raises TimeoutError when it
    gives up, `save` and `discard` when another write takes longer than 3 s; all may raise OSError.
    """

    locks_each_key = shows_no_secret = True

    def __init__(self, path: str | os.PathLike[str] | None = None, *, lock_timeout: float = LOCK_SECONDS) -> None:
        """Look at the folder, if there is one; nothing is written yet."""
        if (
            isinstance(lock_timeout, bool)
            or not isinstance(lock_timeout, (int, float))
            or not 0 < lock_timeout < float("inf")
        ):
            raise ConfigurationError("lock_timeout is not a number of seconds above 0")
        try:
            given = platformdirs.user_cache_path("oauth-cc-auth", appauthor=False) if path is None else Path(path)
            self.path = given.expanduser().absolute()
        except (TypeError, RuntimeError) as error:
            message = "path is not the path of a folder, or begins with a home that is not there"
            if path is None:
                message = (
                    "this user has no home folder for its cache: set HOME or XDG_CACHE_HOME, "
                    "or name a folder: FileStore(path)"
                )
            raise ConfigurationError(message) from error
        if path == "":
            raise ConfigurationError("path is empty; leave it out for the user's cache folder")
        self.lock_timeout = lock_timeout
        self._check_folder()

    def load(self, key: str) -> Token | None:
        """Return the token under this key, or None."""
        file = self._beside(key, ".json")
        try:
            self._check_folder()
            return parse(_read(file), key)
        except FileNotFoundError:
            return None
        except ValueError as error:
            log.warning("the token in %s is ignored: %s", file, error)
            return None

    def save(self, key: str, token: Token) -> None:
        """Keep this token under this key; when this returns, it is on the disk."""
        content = dump(token, key)
        with self.writing(key):
            replace(self._beside(key, ".json"), content)

    def discard(self, key: str, token: Token) -> None:
        """Remove what is under this key if it is still this access token."""
        with self.writing(key):
            kept = self.load(key)
            if kept is not None and kept.access_token == token.access_token:
                self._beside(key, ".json").unlink(missing_ok=True)
                sync(self.path)

    def entries(self) -> Iterator[Entry]:
        """Return what is in the folder, for people to look at: nothing of it is to be used. May raise OSError."""
        self._check_folder()
        for file in sorted(self.path.glob("*.json")):
            token, problem = None, None
            try:
                token = parse(_read(file), None)
            except (OSError, ValueError) as error:
                problem = str(error)
            yield Entry(str(file), token, problem, partial(file.unlink, missing_ok=True))

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Let one process renew at a time; raise TimeoutError after `lock_timeout`. A killed process holds nothing."""
        return self._held(key, ".lock", self.lock_timeout)

    @contextmanager
    def load_or_lock(
        self, key: str, usable: Usable, *, load: Callable[[], Token | None] | None = None
    ) -> Iterator[Token | None]:
        """Begin with a usable token as soon as the file has one, else with the key's lock.

        Raises TimeoutError where it is time to go on without the lock. `load` reads the token where it is not in the
        key's file.
        """
        _make(self.path)
        self._check_folder()
        file, lock = self._beside(key, ".json"), self._lock(key, ".lock")
        seen: object = None

        def look() -> Token | None:
            # A file is replaced as a whole: the same inode is the same content, and is judged once.
            nonlocal seen
            status = _status(file) if load is None else None
            if status is not None and status == seen:
                return None
            seen = status
            token = self.load(key) if load is None else load()
            return token if token is not None and usable(token) else None

        def take() -> Token | Release | None:
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                return look()
            return lock.release

        def wait(seconds: float) -> bool:
            time.sleep(seconds)
            return False

        found = token_or_lock(
            look=look,
            take=take,
            wait=wait,
            overdue=lambda: self._overdue(key),
            patience=self.lock_timeout,
            pauses=_PAUSES,
        )
        if isinstance(found, Token):
            yield found
            return
        try:
            yield None
        finally:
            found()

    def _overdue(self, key: str) -> int:
        """Count one more whose wait is over: a byte for each, at the end of a file."""
        with open(self._beside(key, ".overdue"), "ab", buffering=0, opener=opened_privately) as counted:
            if time.time() - os.fstat(counted.fileno()).st_mtime > _OVERDUE_SECONDS:
                counted.truncate(0)
            counted.write(b".")
            return counted.tell()

    def writing(self, key: str) -> AbstractContextManager[None]:
        """Let one process write at a time, whether it holds the key's lock or not."""
        return self._held(key, ".write.lock", WRITE_SECONDS)

    @contextmanager
    def _held(self, key: str, suffix: str, seconds: float) -> Iterator[None]:
        _make(self.path)
        self._check_folder()
        lock = self._lock(key, suffix)
        try:
            lock.acquire(timeout=seconds, poll_interval=_POLL_SECONDS)
        except filelock.Timeout:
            message = f"another process holds this key's {suffix[1:]} in {self.path} for more than {seconds:g} s"
            raise TimeoutError(message) from None
        try:
            yield
        finally:
            lock.release()

    def _lock(self, key: str, suffix: str) -> filelock.BaseFileLock:
        # One object for each use: it is the file that excludes threads, too. Nobody ever deletes that file, because
        # another process may have opened it already, and would then hold a lock that nobody else sees.
        return filelock.FileLock(self._beside(key, suffix), mode=0o600, thread_local=False)

    def _beside(self, key: str, suffix: str) -> Path:
        # Digested, so that no key can lead out of the folder, be too long, or differ from another in its case only.
        return self.path / (blake2b(key.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest() + suffix)

    def _check_folder(self) -> None:
        try:
            mode = self.path.stat().st_mode
        except OSError:
            return  # not there yet, or of no use: whoever opens a file in it will say so
        if not stat.S_ISDIR(mode):
            message = f"path is {self.path}, which is not a folder"
            raise ConfigurationError(message)
        if POSIX and mode & stat.S_IWOTH:
            # Whoever may write to a folder may hold our locks for ever, and remove our tokens.
            message = f"path is {self.path}, where everybody may write: name a folder in it, which is then made private"
            raise ConfigurationError(message)

    def __repr__(self) -> str:
        """Show the folder."""
        return f"FileStore({str(self.path)!r})"


def _make(folder: Path) -> None:
    """Make the folder and those above it that are missing, for this user alone, whatever the umask."""
    if folder.exists():
        return
    _make(folder.parent)
    with suppress(FileExistsError):  # another process was faster
        folder.mkdir(0o700)
        folder.chmod(0o700)  # the umask may have taken this user's own rights


def _read(file: Path) -> bytes:
    if file.is_symlink():
        raise ValueError("it is a symbolic link")
    with open(file, "rb", opener=opened_privately) as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is not a plain file")
        if POSIX and (status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
            raise ValueError("it belongs to another user, or others may write to it")
        return opened.read(_MOST_BYTES)


def _status(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size

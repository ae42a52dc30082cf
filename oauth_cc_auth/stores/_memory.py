"""A store in this process's memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock
from weakref import WeakSet

from oauth_cc_auth._threads import after_fork_in_child
from oauth_cc_auth._token import Token
from oauth_cc_auth.stores._line import LOCK_SECONDS, Pauses, Release, Usable, token_or_lock

# A save wakes those who wait; this is for a holder that releases the lock and has saved nothing.
_PAUSES = Pauses(0.02, 0.1)

_all: WeakSet[MemoryStore] = WeakSet()


class MemoryStore:
    """Keeps tokens in memory, for all sources that are given this object.

    The plainest store there is: an example for one's own, and a way to keep the tokens of two tenants or tests apart.
    A copy or a pickle of it is an empty store: tokens do not travel.
    """

    locks_each_key = shows_no_secret = True

    def __init__(self) -> None:
        """Begin empty."""
        self._tokens: dict[str, Token] = {}
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)
        self._overdue: defaultdict[str, int] = defaultdict(int)
        guard = self._guard = Lock()
        self._saved = Condition(guard)
        _all.add(self)

    def load(self, key: str) -> Token | None:
        """Return the token under this key, or None."""
        return self._tokens.get(key)

    def save(self, key: str, token: Token) -> None:
        """Keep this token under this key."""
        with self._guard:
            self._tokens[key] = token
            self._overdue.pop(key, None)
            self._saved.notify_all()

    def discard(self, key: str, token: Token) -> None:
        """Remove what is under this key if it is still this access token."""
        with self._guard:
            kept = self._tokens.get(key)
            if kept is not None and kept.access_token == token.access_token:
                del self._tokens[key]

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Let one renew at a time; raise TimeoutError after 21 s."""
        with self._guard:
            lock = self._locks[key]
        if not lock.acquire(timeout=LOCK_SECONDS):
            message = f"another renewal holds this key's lock for more than {LOCK_SECONDS:g} s"
            raise TimeoutError(message)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def load_or_lock(self, key: str, usable: Usable) -> Iterator[Token | None]:
        """Begin with a usable token as soon as there is one, else with the key's lock. Raises TimeoutError."""
        with self._guard:
            lock = self._locks[key]

        def look() -> Token | None:
            token = self.load(key)
            return token if token is not None and usable(token) else None

        def take() -> Release | None:
            return lock.release if lock.acquire(blocking=False) else None

        def wait(seconds: float) -> bool:
            with self._guard:
                return self._saved.wait(seconds)

        def overdue() -> int:
            with self._guard:
                self._overdue[key] += 1
                return self._overdue[key]

        found = token_or_lock(look=look, take=take, wait=wait, overdue=overdue, patience=LOCK_SECONDS, pauses=_PAUSES)
        if isinstance(found, Token):
            yield found
            return
        try:
            yield None
        finally:
            found()

    def __reduce__(self) -> tuple[type[MemoryStore], tuple[()]]:
        """Copy and pickle as an empty store."""
        return MemoryStore, ()

    def __repr__(self) -> str:
        """Show how many tokens there are, and none of them."""
        return f"<MemoryStore with {len(self._tokens)} tokens>"


def _unlock_in_child() -> None:
    # Whoever held a lock is not in the child.
    for store in _all:
        store._guard = Lock()  # noqa: SLF001 - this module's own
        store._saved = Condition(store._guard)  # noqa: SLF001 - as above
        store._locks.clear()  # noqa: SLF001 - as above


after_fork_in_child(_unlock_in_child)

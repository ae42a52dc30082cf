"""One renewal's place in the line for the lock of a key in Redis.

The lock is a key that expires: a holder that dies holds it for seconds. A process that listens is woken by the save,
and tries the lock now and then, for the case that its holder fails or dies, or a message is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from threading import Event
from typing import Any
from uuid import uuid4

from redis.exceptions import LockNotOwnedError
from redis.lock import Lock

from oauth_cc_auth._threads import started
from oauth_cc_auth._token import Token
from oauth_cc_auth.stores._line import Pauses, Release, Usable, token_or_lock
from oauth_cc_auth.stores._redis_link import Link, is_about_one_key

# How long the others wait for a holder that died. Extended every third, so one lost extension does no harm; a holder
# that is busy for more than two minutes is stuck, and its lock is left to expire.
LIFE_SECONDS, KEPT_SECONDS = 6.0, 120.0

# Between two tries of a lock that somebody holds: of a process that listens, and of one that cannot, which tries soon
# after a renewal of 50 ms.
LISTENING, ASKING = Pauses(1.5, 2.0), Pauses(0.05, 0.25)

# Those whose wait for the lock is over count together if no more than this lies between them.
OVERDUE_SECONDS = 60.0


class Place:
    """Looks, tries the lock, waits, and holds the lock."""

    def __init__(
        self, link: Link, name: str, load: Callable[[], Any], parse: Callable[[Any], Token | None], usable: Usable
    ) -> None:
        """Begin; `load` returns what is under the name, `parse` the token in it, `usable` what is worth waiting for."""
        self._link, self._name, self._load, self._parse, self._usable = link, name, load, parse, usable
        self._lock, self._mark, self._seen = f"{name}:lock", uuid4().hex, None
        self._event: Event | None = None

    @contextmanager
    def reached(
        self, look: Callable[[], Token | None], overdue: Callable[[], int], patience: float, *, listens: bool = False
    ) -> Iterator[Token | None]:
        """Begin with a usable token, else with the lock, which is released at the end."""
        listens = listens and not self._link.bell.is_deaf()
        with ExitStack() as stack:
            found = token_or_lock(
                look=look,
                take=self._take,
                wait=partial(self._wait, stack) if listens else _sleep,
                overdue=overdue,
                patience=patience,
                pauses=LISTENING if listens else ASKING,
            )
        if isinstance(found, Token):
            yield found
            return
        try:
            yield None
        finally:
            found()

    def look(self) -> Token | None:
        """Return a usable token; in one round trip."""
        return self._usable_in(self._load())

    def overdue(self) -> int:
        """Count one more whose wait is over; in two round trips."""
        client, name = self._link.client, f"{self._name}:overdue"

        def count() -> int:
            place = int(client.incr(name))
            client.pexpire(name, round(OVERDUE_SECONDS * 1000))
            return place

        return self._link.ask(count)

    def _take(self) -> Token | Release | None:
        """Take the lock and look, in one round trip."""
        taken, raw = self._link.ask(self._taken)
        if not taken:
            return self._usable_in(raw)
        done = Event()
        started(partial(self._keep, done), "oauth-cc-auth-redis-lock")
        return partial(self._release, done)

    def _taken(self) -> tuple[Any, Any]:
        life = round(LIFE_SECONDS * 1000)
        if not callable(getattr(self._link.client, "pipeline", None)):
            return self._link.client.set(self._lock, self._mark, nx=True, px=life), None
        with self._link.client.pipeline(transaction=False) as commands:
            commands.set(self._lock, self._mark, nx=True, px=life)
            commands.get(self._name)
            taken, raw = commands.execute(raise_on_error=False)
        if isinstance(taken, Exception):
            raise taken
        if isinstance(raw, Exception):
            if not is_about_one_key(raw):
                raise raw
            raw = None
        return taken, raw

    def _usable_in(self, raw: Any) -> Token | None:
        # The same bytes are judged once.
        if raw is None or raw == self._seen:
            return None
        self._seen = raw
        token = self._parse(raw)
        return token if token is not None and self._usable(token) else None

    def _wait(self, stack: ExitStack, seconds: float) -> bool:
        """Wait for a save, or until this process listens for it; return whether to look."""
        if self._event is None:
            self._event = stack.enter_context(self._link.bell.listening(f"{self._name}:saved"))
        heard = self._event.wait(seconds)
        self._event.clear()
        return heard

    def _keep(self, done: Event) -> None:
        """Extend the lock while its holder works, first after a third of its life: most are done by then."""
        life, stuck_at = round(LIFE_SECONDS * 1000), time.monotonic() + KEPT_SECONDS
        extend = partial(
            self._link.if_same,
            Lock.LUA_REACQUIRE_SCRIPT,
            self._lock,
            self._mark,
            life,
            otherwise=lambda client: client.pexpire(self._lock, life),
        )
        while not done.wait(LIFE_SECONDS / 3) and time.monotonic() < stuck_at:
            with suppress(Exception):  # the holder meets the same outage, and says so
                if not self._link.keep(extend):
                    return

    def _release(self, done: Event) -> None:
        done.set()
        if not self._link.ask(partial(self._link.delete_if_same, self._lock, self._mark)):
            raise LockNotOwnedError("the lock expired, or Redis lost it, before the renewal was done")


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False

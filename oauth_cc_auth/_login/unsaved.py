"""A login's refresh token that no store took yet: saving it is tried until it works, and once more at exit."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from threading import Event
from typing import NamedTuple

from oauth_cc_auth._life.flight import land_all
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._life.shelf import Shelf
from oauth_cc_auth._threads import after_fork_in_child, started
from oauth_cc_auth._token import Token
from oauth_cc_auth.stores import TokenStore

# Seconds between the attempts: 1 s doubling to a minute.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0

# Seconds that the interpreter's exit waits for all of them together: as long as a lock that is held is waited for.
_EXIT_SECONDS = 21.0


class Unsaved(NamedTuple):
    """A refresh token that no store took yet, and the one with which it was obtained."""

    store: TokenStore | None
    key: str
    token: Token
    live: LiveToken
    spent: str | None
    # Called without a lock once the store has it.
    saved: Callable[[], object]

    def save(self) -> None:
        """Try it again, unless it is not the last one any more: to lose that locks its user out."""
        shelf, live, token = Shelf(self.store, lambda: self.key), self.live, self.token
        with shelf.locked():
            stored = shelf.load()
            if shelf.failed:
                return  # not over something that could not be seen
            others = stored is not None and stored.refresh_token not in {self.spent, token.refresh_token}
            if stored is not None and others and stored.obtained_at > token.obtained_at:
                live.unsaved = None  # another process has renewed from what the store still had, and got through
                return
            if live.unsaved is not token or not shelf.save(token):
                return
            live.unsaved = None
        self.saved()


# Each with what is done when its thread has tried for the last time; None where no thread could be started.
_unsaved: dict[int, tuple[Unsaved, Future[None] | None]] = {}

# Set when the interpreter exits: nobody pauses any more.
_exiting = Event()


def keep_saving(unsaved: Unsaved) -> None:
    """Try again until it works, and once more when the interpreter exits."""
    done: Future[None] = Future()
    runs = started(partial(_save_until_it_works, unsaved, done), "oauth-cc-auth-save")
    _unsaved[id(unsaved.live)] = unsaved, done if runs else None


def _save_until_it_works(unsaved: Unsaved, done: Future[None]) -> None:
    pause = _FIRST_PAUSE
    while unsaved.live.unsaved is unsaved.token and not _exiting.is_set():
        _exiting.wait(pause)
        unsaved.save()
        pause = min(2 * pause, _LONGEST_PAUSE)
    if not _exiting.is_set() and _unsaved.get(id(unsaved.live), (None,))[0] is unsaved:
        del _unsaved[id(unsaved.live)]
    done.set_result(None)


def _save_at_exit() -> None:
    land_all()  # which may leave something to save
    # Their threads, which run on while the interpreter exits, try all at once: a lock that somebody holds for long is
    # waited for once, however many logins are unsaved.
    _exiting.set()
    left = list(_unsaved.values())
    wait([done for _, done in left if done is not None], _EXIT_SECONDS)
    for unsaved, done in left:
        if done is None:
            unsaved.save()


atexit.register(_save_at_exit)


after_fork_in_child(_unsaved.clear)  # the parent saves its own

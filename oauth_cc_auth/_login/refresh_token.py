"""Which refresh token of a login is the last, and that it is not lost: a server that rotates takes no other.

To spend an older one ends the login for everybody, on many servers, and to lose the last one locks its user out.
"""

from __future__ import annotations

import atexit
import logging
import time
from functools import partial
from typing import NamedTuple

from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._grant.authorization_code import AuthorizationCode
from oauth_cc_auth._life.flight import land_all
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._life.shelf import GuardedStore
from oauth_cc_auth._threads import after_fork_in_child, started
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import TokenEndpointUnavailable
from oauth_cc_auth.stores import TokenStore

log = logging.getLogger("oauth_cc_auth")


# Seconds between the attempts to save a refresh token: 1 s doubling to a minute.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


NO_ANSWER = (
    "The store that has the login's last refresh token does not answer, and to spend an older one would end the login."
)


def spare(live: LiveToken, exchange: Exchange) -> None:
    """Raise where a store that does not answer may have a later refresh token of a login, and a call can do without."""
    grant = exchange.grant
    if not isinstance(grant, AuthorizationCode):
        return
    if live.alive(exchange.clock()) is not None or not (live.previous or grant.refresh_token):
        raise TokenEndpointUnavailable(message=NO_ANSWER)


def last_of(live: LiveToken, stored: Token | None, mine: Token | None) -> Token | None:
    """Return what has the last refresh token: the store's, unless it is the one with which ours was obtained.

    Then the store did not take ours, or has lost it.
    """
    return mine if stored is None or is_behind(stored, live, mine) else stored


def is_behind(stored: Token, live: LiveToken, mine: Token | None) -> bool:
    spent = stored.refresh_token
    return mine is not None and spent is not None and spent == live.spent and spent != mine.refresh_token


class Unsaved(NamedTuple):
    """A refresh token that no store took yet, and the one with which it was obtained."""

    store: TokenStore
    key: str
    token: Token
    live: LiveToken
    spent: str | None

    def save(self) -> None:
        """Try it again, unless it is not the last one any more: to lose that locks its user out."""
        guarded, live, token = GuardedStore(self.store), self.live, self.token
        with guarded.lock(self.key):
            stored = guarded.load(self.key)
            if guarded.failed:
                return  # not over something that could not be seen
            others = stored is not None and stored.refresh_token not in {self.spent, token.refresh_token}
            if stored is not None and others and stored.obtained_at > token.obtained_at:
                live.unsaved = None  # another process has renewed from what the store still had, and got through
            elif live.unsaved is token and guarded.save(self.key, token):
                live.unsaved = None
                log.warning("the refresh token that could not be saved is saved now")


_unsaved: dict[int, Unsaved] = {}


def keep_saving(unsaved: Unsaved) -> None:
    """Try again until it works, and once more when the interpreter exits."""
    _unsaved[id(unsaved.live)] = unsaved
    started(partial(_save_until_it_works, unsaved), "oauth-cc-auth-save")


def _save_until_it_works(unsaved: Unsaved) -> None:
    pause = _FIRST_PAUSE
    while unsaved.live.unsaved is unsaved.token:
        time.sleep(pause)
        unsaved.save()
        pause = min(2 * pause, _LONGEST_PAUSE)
    if _unsaved.get(id(unsaved.live)) is unsaved:
        del _unsaved[id(unsaved.live)]


def _save_at_exit() -> None:
    land_all()  # which may leave something to save
    for unsaved in list(_unsaved.values()):
        unsaved.save()


atexit.register(_save_at_exit)


after_fork_in_child(_unsaved.clear)  # the parent saves its own

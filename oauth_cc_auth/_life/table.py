"""The table of all live tokens in this process, by the key of their token request."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock, RLock
from weakref import WeakValueDictionary

from oauth_cc_auth._grant.grant import Grant
from oauth_cc_auth._grant.static_token import StaticToken
from oauth_cc_auth._life.key import Same, identity, is_code, name_of, secret_in_memory, written_by
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._threads import after_fork_in_child
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError

# Grants that nobody holds are kept for the next `auth=` built per call, least recently used out first. At about 1 kB
# each a full table is 16 MB.
TABLE_SIZE = 16_384


_lock = Lock()


_alive: WeakValueDictionary[Hashable, LiveToken] = WeakValueDictionary()


_recent: OrderedDict[Hashable, LiveToken] = OrderedDict()


# Logins whose last refresh token is nowhere but in memory: to drop one would lock its user out.
_logins: dict[int, LiveToken] = {}


def live_token(grant: Grant, *own: object) -> LiveToken:
    """Return the live token of this grant; `own` are the user's store, session, client and clock, None if not given.

    What the user gave counts by identity, and such a live token lives as long as somebody holds it. How a login's token
    is asked for does not count: its refresh token must not be spent twice. Raises ConfigurationError for a store that
    could not tell what a function of the grant writes.
    """
    if isinstance(grant, StaticToken):
        return LiveToken(fixed=Token(grant.access_token, obtained_at=0.0))
    store, session, client, clock = own
    if grant.refreshes:
        session = client = None
    counted = (store, session, client, clock)
    private = tuple(Same(thing) for thing in counted if thing is not None)
    # What a function writes depends on what it closes over, so functions count by identity.
    code = {name: value for name, value in written_by(grant).items() if is_code(value)}
    if store is not None and (unnamed := [name for name, value in code.items() if name_of(value) is None]):
        message = (
            f"{', '.join(unnamed)}: a store cannot tell what this function writes, nor so whose token it keeps. "
            "Define it with def at the top level of a module."
        )
        raise ConfigurationError(message)
    made = tuple((name, Same(code[name])) for name in sorted(code))
    given = tuple(thing is not None for thing in counted)
    key = (identity(grant), secret_in_memory(grant), made, given, private)
    with _lock:
        live = _alive.get(key)
        if live is None:
            live = _alive[key] = LiveToken()
        if not private:
            _recent[key] = live
            _recent.move_to_end(key)
            if len(_recent) > TABLE_SIZE:
                _recent.popitem(last=False)
    return live


def hold_on(live: LiveToken) -> None:
    """Keep a login for as long as the process lives, or until it is ended."""
    with _lock:
        _logins[id(live)] = live


def let_go(live: LiveToken) -> None:
    """Take note that a login has ended."""
    with _lock:
        _logins.pop(id(live), None)


def forget_all() -> None:
    """Forget every token of this process, and every refusal and pause that was remembered; for tests."""
    with _lock:
        everyone = list(_alive.values())
        _recent.clear()
        _logins.clear()
    for live in everyone:
        with live.lock:
            live.reset()
    for room in ("oauth_cc_auth._authorization_server.budget", "oauth_cc_auth._login.consent"):
        if loaded := sys.modules.get(room):
            loaded.forget()


def _start_over_in_child() -> None:
    # A lock may have been held, and a flight in the air, by a thread that the child does not have.
    global _lock  # noqa: PLW0603 - the module's one lock
    _lock = Lock()
    for live in list(_alive.values()):
        live.lock = RLock()
        live.flight = None


after_fork_in_child(_start_over_in_child)

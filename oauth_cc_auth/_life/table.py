"""The table of all live tokens in this process, by the key of their token request."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable
from contextlib import suppress
from functools import partial
from threading import RLock
from types import MethodType
from weakref import WeakValueDictionary, ref

from oauth_cc_auth._grant.grant import Grant
from oauth_cc_auth._grant.static_token import StaticToken
from oauth_cc_auth._life.key import Same, check_storable, key_in_memory
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._threads import after_fork_in_child
from oauth_cc_auth._token import Token

# Grants that nobody holds are kept for the next `auth=` built per call, least recently used out first. At about 1 kB
# each a full table is 16 MB.
TABLE_SIZE = 16_384

# Taken again by a signal's handler that makes an auth object while its own thread holds it.
_lock = RLock()

_alive: WeakValueDictionary[Hashable, LiveToken] = WeakValueDictionary()

# Which were used last, the last at the end; a plain dict, whose every step is whole for a signal's handler.
Recent = dict[Hashable, LiveToken]

_recent: Recent = {}

# Those of a user's session, client, store or clock, by its id; they end with it.
_owned: dict[int, tuple[ref[object], Recent]] = {}

# Logins whose last refresh token is nowhere but in memory: to drop one would lock its user out.
_logins: dict[int, LiveToken] = {}


def live_token(grant: Grant, *own: object, ask: bool = False) -> LiveToken:
    """Return the live token of this grant; `own` are the user's store, session, client and clock, None if not given.

    What the user gave counts by identity, and such a live token lives as long as that does. How a login's token is
    requested does not count: its refresh token must not be spent twice. `ask` is that of `key_in_memory`. Raises
    ConfigurationError for a store that could not tell whose token it keeps.
    """
    if isinstance(grant, StaticToken):
        from oauth_cc_auth._life.fixed_token import FixedToken  # noqa: PLC0415 - for those alone

        return FixedToken(Token(grant.access_token, obtained_at=0.0))
    store, session, client, clock = own
    if store is not None:
        check_storable(grant, session if session is not None else client)
    if grant.refreshes:
        session = client = None
    counted = (session, client, store, clock)
    given = tuple(None if thing is None else Same(thing) for thing in counted)
    key = (key_in_memory(grant, ask=ask), given)
    with _lock:
        recent = _kept_by(thing for thing in counted if thing is not None)
        live = recent.pop(key, None) or _alive.get(key) or LiveToken()
        _alive[key] = recent[key] = live
        if len(recent) > TABLE_SIZE:
            recent.pop(next(iter(recent)), None)
    return live


def _kept_by(owners: Iterable[object]) -> Recent:
    """Return where a live token is kept that is these objects' own: with the first, which is likely to go first."""
    for thing in owners:
        owner = thing.__self__ if isinstance(thing, MethodType) else thing
        number = id(owner)
        if number in _owned:
            return _owned[number][1]
        with suppress(TypeError):  # not everything can be referred to weakly
            _owned[number] = (ref(owner, partial(_let_all_go, number)), {})
            return _owned[number][1]
    return _recent


def _let_all_go(number: int, _: object) -> None:
    _owned.pop(number, None)


def hold_on(live: LiveToken) -> None:
    """Keep a login for as long as the process lives, or until it is ended."""
    _logins[id(live)] = live


def let_go(live: LiveToken) -> None:
    """Take note that a login has ended."""
    _logins.pop(id(live), None)


def forget_all() -> None:
    """Forget every token of this process, and every refusal and pause that was remembered; for tests."""
    with _lock:
        everyone = list(_alive.values())
        _recent.clear()
        _owned.clear()
        _logins.clear()
    for live in everyone:
        with live.lock:
            live.reset()
    server = "oauth_cc_auth._authorization_server"
    others = ("oauth_cc_auth._resource_server.dpop", "oauth_cc_auth._login.consent")
    for room in (f"{server}.budget", f"{server}.discovery", *others):
        if loaded := sys.modules.get(room):
            loaded.forget()


def _start_over_in_child() -> None:
    # A lock may have been held, and a flight in the air, by a thread that the child does not have.
    global _lock  # noqa: PLW0603 - the module's one lock
    _lock = RLock()
    for live in list(_alive.values()):
        live.lock = RLock()
        live.flight = None


after_fork_in_child(_start_over_in_child)

"""A store in Redis: one token for every process and every machine that reaches it.

A process that wants to renew looks, and takes the lock in one round trip with a second look. While another holds the
lock it listens for the save, and asks now and then, because a message can be lost and a holder can die. The keys of one
entry are in one slot of a cluster.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from glob import escape as glob_escape
from inspect import signature
from typing import Any

from oauth_cc_auth._text import needs

try:
    import redis
    import redis.asyncio
    from redis.backoff import NoBackoff
    from redis.connection import AbstractConnection
    from redis.retry import Retry
except ImportError as error:
    message = needs("RedisStore", "redis", "redis")
    raise ImportError(message) from error

from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError
from oauth_cc_auth.stores._entries import Entry
from oauth_cc_auth.stores._format import dump, parse
from oauth_cc_auth.stores._line import LOCK_SECONDS, Usable
from oauth_cc_auth.stores._pause import is_worth_another_try
from oauth_cc_auth.stores._redis_link import is_about_one_key, link_to, raw_of
from oauth_cc_auth.stores._redis_place import Place

log = logging.getLogger("oauth_cc_auth")

# For each step of an operation, where the client is ours.
SOCKET_SECONDS = 1.0

# Ten years: Redis refuses a life that does not fit into its clock.
LONGEST_LIFE = 10 * 365 * 86_400.0

# What is said on a new connection besides the password: nothing. `protocol` 2 needs no HELLO, and None for
# `driver_info`, before redis-py 7.1 for both others, no CLIENT SETINFO; each would be one more round trip.
_accepted = set(signature(AbstractConnection.__init__).parameters)
_SILENT = {"protocol": 2} | dict.fromkeys({"driver_info"} & _accepted or {"lib_name", "lib_version"} & _accepted)

# Names that Redis looks at in one round trip when somebody wants to see all.
_A_PAGE = 500


class RedisStore:
    """Keeps tokens in Redis, for everybody who is given the same Redis and namespace.

    `url_or_client` is a URL (``redis://``, ``rediss://`` for TLS, ``unix://``), or a synchronous client of redis-py,
    which is used as it is and never closed: that is the way to Sentinel, Cluster and certificates of one's own.
    `namespace` begins every key, as ``NAMESPACE:...``, so that applications and environments can share a Redis.

    `lock_timeout` is in seconds: for so long a renewal waits for somebody else's; it should exceed twice the source's
    `timeout`, and stay under three times. An operation gives up after 2 s. A copy or pickle is made from the URL, which
    may hold a password; a store made from a client can be pickled only if the client can.

    Raises ConfigurationError, naming the argument. `load` returns None, and logs why, for what is no token or a newer
    version's; `lock` raises TimeoutError when it gives up; all may raise TimeoutError, OSError and redis.RedisError,
    and in the 5 s after that at once.
    """

    locks_each_key = shows_no_secret = True

    def __init__(
        self,
        url_or_client: str | redis.Redis | redis.RedisCluster,
        namespace: str = "oauth-cc-auth",
        *,
        lock_timeout: float = LOCK_SECONDS,
    ) -> None:
        """Prepare; nothing is connected yet."""
        if not isinstance(namespace, str) or not namespace:
            raise ConfigurationError("namespace is not a text of at least one character")
        if isinstance(lock_timeout, bool) or not isinstance(lock_timeout, (int, float)) or not lock_timeout > 0:
            raise ConfigurationError("lock_timeout is not a number of seconds above 0")
        self._given, self._namespace, self._lock_timeout = url_or_client, namespace, lock_timeout
        self._is_ours = isinstance(url_or_client, str)
        given: Any = url_or_client
        make = partial(_client_for if self._is_ours else _checked, given)
        self._link = link_to(given, make, is_ours=self._is_ours)

    def load(self, key: str) -> Token | None:
        """Return the token under this key, or None; in one round trip."""
        return self._token_in(key, self._kept(key))

    def save(self, key: str, token: Token) -> None:
        """Keep this token under this key for the rest of its life, and wake those who wait; in two round trips.

        With a refresh token, or without an expiry, it stays until it is discarded.
        """
        content, name = dump(token, key), self._name(key)
        keep = partial(self._link.client.set, name, content, px=_milliseconds_left(token))
        self._link.ask(keep, anyway=is_worth_another_try(token))
        self._link.tell(f"{name}:saved")

    def discard(self, key: str, token: Token) -> None:
        """Remove what is under this key if it is still this access token; in two round trips at most."""
        raw = self._kept(key)
        kept = self._token_in(key, raw)
        if kept is not None and kept.access_token == token.access_token:
            self._link.ask(partial(self._link.delete_if_same, self._name(key), raw))

    def entries(self) -> Iterator[Entry]:
        """Return what this namespace holds, for people to look at: nothing of it is to be used."""
        client = self._link.client
        for name in sorted(client.scan_iter(match=f"{glob_escape(self._namespace)}:{{*}}", count=_A_PAGE)):
            raw, token, problem = client.get(name), None, None
            try:
                token = None if raw is None else parse(raw_of(raw), None)
            except ValueError as error:
                problem = str(error)
            shown = raw_of(name).decode(errors="replace")
            yield Entry(shown, token, problem, partial(client.delete, name))

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Let one renew at a time, on all machines; in two round trips, and one for each look while others hold it.

        Raises TimeoutError after `lock_timeout`, and LockNotOwnedError at the end if the lock was lost meanwhile.
        """
        place = self._place(key, lambda _: False)
        with place.reached(lambda: None, lambda: 1, self._lock_timeout):
            yield

    @contextmanager
    def load_or_lock(self, key: str, usable: Usable) -> Iterator[Token | None]:
        """Begin with a usable token as soon as Redis has one, else with the key's lock.

        One round trip to look, one to take the lock and look again, and one when a save has woken this process. Raises
        TimeoutError where it is time to go on without the lock.
        """
        place = self._place(key, usable)
        with place.reached(place.look, place.overdue, self._lock_timeout, listens=True) as token:
            yield token

    def _place(self, key: str, usable: Usable) -> Place:
        return Place(self._link, self._name(key), partial(self._kept, key), partial(self._token_in, key), usable)

    def _kept(self, key: str) -> Any:
        try:
            return self._link.ask(partial(self._link.client.get, self._name(key)))
        except Exception as error:
            if not is_about_one_key(error):
                raise
            return self._not_ours()

    def _not_ours(self) -> None:
        log.warning("what %r holds under a key is ignored: this is no token of this package", self)

    def _token_in(self, key: str, raw: Any) -> Token | None:
        try:
            return None if raw is None else parse(raw_of(raw), key)
        except ValueError as error:
            log.warning("what %r holds under a key is ignored: %s", self, error)
            return None

    def _name(self, key: str) -> str:
        # In braces: all keys of an entry are in one slot of a cluster.
        return f"{self._namespace}:{{{key}}}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy as the arguments: tokens are in Redis."""
        return partial(RedisStore, lock_timeout=self._lock_timeout), (self._given, self._namespace)

    def __repr__(self) -> str:
        """Show where the tokens are, without user and password."""
        given = self._link.client.connection_pool.connection_kwargs if self._is_ours else {"host": "a given client"}
        port = "" if "path" in given or not self._is_ours else f":{given.get('port', 6379)}"
        place = given.get("path", given.get("host", "localhost"))
        return f"<RedisStore on {place}{port}, namespace {self._namespace!r}>"


def _client_for(url: str) -> redis.Redis:
    timeouts = {"socket_timeout": SOCKET_SECONDS, "socket_connect_timeout": SOCKET_SECONDS}
    try:
        return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **timeouts, **_SILENT)
    except ValueError:
        # Without its cause, which may quote the password.
        raise ConfigurationError("url_or_client is not a redis://, rediss:// or unix:// URL") from None


def _checked(client: Any) -> Any:
    if isinstance(client, (redis.asyncio.Redis, redis.asyncio.RedisCluster)):
        raise ConfigurationError("url_or_client is an async client; a store works in a thread: pass redis.Redis")
    if not all(callable(getattr(client, command, None)) for command in ("get", "set", "eval")):
        raise ConfigurationError("url_or_client is neither a URL nor a client of redis-py")
    return client


def _milliseconds_left(token: Token) -> int | None:
    if token.lifetime is None or token.refresh_token is not None:
        return None
    age = time.time() - token.obtained_at
    # Another age belongs to another clock, the source's own, by which the token is new.
    left = token.lifetime - (age if 0 <= age < token.lifetime else 0.0)
    return max(round(min(left, LONGEST_LIFE) * 1000), 1)

"""A store in Redis: one token for every process and every machine that reaches it.

Each operation is one command, two to discard, and is bounded as a whole, whatever the client's own timeouts are. After
a failure the store fails at once for a while, so that an outage makes one renewal wait, and the next ones not at all.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from inspect import signature
from threading import Event
from typing import Any
from uuid import uuid4

try:
    import redis
    import redis.asyncio
    from redis.backoff import NoBackoff
    from redis.connection import AbstractConnection
    from redis.exceptions import LockNotOwnedError
    from redis.lock import Lock
    from redis.retry import Retry
except ImportError as error:
    message = 'RedisStore needs redis: pip install "oauth-cc-auth[redis]"'
    raise ImportError(message) from error

from oauth_cc_auth._threads import started, within
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError
from oauth_cc_auth.stores._format import dump, parse
from oauth_cc_auth.stores._pause import Pause, is_worth_another_try

log = logging.getLogger("oauth_cc_auth")

# For one operation, name lookup, connection, TLS and all; and for each step of it, where the client is ours.
ANSWER_SECONDS, SOCKET_SECONDS = 2.0, 1.0

# After a failure: as long as somebody may notice, short beside the windows of a token of minutes.
PAUSE_SECONDS = 5.0

# A firewall may forget a connection that idles between two renewals, and the next command then waits for nothing.
IDLE_SECONDS = 30.0

# How long the others wait for a holder who died. Extended every third, so one lost extension does no harm; a holder who
# is busy for more than two minutes is stuck, and his lock is left to expire.
LOCK_SECONDS, KEPT_SECONDS = 6.0, 120.0

# Just above the 20 s that a renewal takes at most. Of the 30 s that a caller waits, 9 are left to ask without the lock.
WAIT_SECONDS = 21.0

# Between two looks at a lock that somebody holds: soon after a renewal of 50 ms, and not often while one takes longer.
FIRST_LOOK, LAST_LOOK = 0.02, 0.25

# Ten years: Redis refuses a life that does not fit into its clock.
LONGEST_LIFE = 10 * 365 * 86_400.0

# redis-py's own scripts. Its `Lock` runs them by their hash, which is three round trips where the server has not seen
# them yet; the text is short. The first deletes a key if it still holds this value, so it serves `discard` too.
DELETE_IF_SAME, EXTEND_IF_SAME = Lock.LUA_RELEASE_SCRIPT, Lock.LUA_REACQUIRE_SCRIPT

# What is said on a new connection besides the password: nothing. `protocol` 2 needs no HELLO, and None for
# `driver_info`, before redis-py 7.1 for both others, no CLIENT SETINFO; each would be one more round trip.
_accepted = set(signature(AbstractConnection.__init__).parameters)
_SILENT = {"protocol": 2} | dict.fromkeys({"driver_info"} & _accepted or {"lib_name", "lib_version"} & _accepted)


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
        lock_timeout: float = WAIT_SECONDS,
    ) -> None:
        """Prepare; nothing is connected yet."""
        if not isinstance(namespace, str) or not namespace:
            raise ConfigurationError("namespace is not a text of at least one character")
        if isinstance(lock_timeout, bool) or not isinstance(lock_timeout, (int, float)) or not lock_timeout > 0:
            raise ConfigurationError("lock_timeout is not a number of seconds above 0")
        self._given, self._namespace, self._lock_timeout = url_or_client, namespace, lock_timeout
        self._is_ours = isinstance(url_or_client, str)
        self._client: Any = _client_for(url_or_client) if isinstance(url_or_client, str) else _checked(url_or_client)
        self._pause, self._used_at = Pause(), float("-inf")

    def load(self, key: str) -> Token | None:
        """Return the token under this key, or None; in one round trip."""
        return self._token_in(self._kept(key))

    def save(self, key: str, token: Token) -> None:
        """Keep this token under this key for the rest of its life; in one round trip.

        With a refresh token, or without an expiry, it stays until it is discarded.
        """
        anyway = is_worth_another_try(token)
        self._ask("set", self._name(key), dump(token), px=_milliseconds_left(token), anyway=anyway)

    def discard(self, key: str, token: Token) -> None:
        """Remove what is under this key if it is still this access token; in two round trips at most."""
        raw = self._kept(key)
        kept = self._token_in(raw)
        if kept is not None and kept.access_token == token.access_token:
            self._ask("eval", DELETE_IF_SAME, 1, self._name(key), raw)

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Let one renew at a time, on all machines; in two round trips, and one for each look while others hold it.

        Raises TimeoutError after `lock_timeout`, and LockNotOwnedError at the end if the lock was lost meanwhile.
        """
        name, mark = f"{self._name(key)}:lock", uuid4().hex
        give_up_at, pause = time.monotonic() + self._lock_timeout, FIRST_LOOK
        while not self._ask("set", name, mark, nx=True, px=round(LOCK_SECONDS * 1000)):
            if time.monotonic() >= give_up_at:
                raise TimeoutError(f"others hold this key's lock for more than {self._lock_timeout:g} s")
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - spreads load, keeps no secret
            pause = min(pause * 1.5, LAST_LOOK)
        done = Event()
        started(partial(self._keep, name, mark, done), "oauth-cc-auth-redis-lock")
        try:
            yield
        finally:
            done.set()
            if not self._ask("eval", DELETE_IF_SAME, 1, name, mark):
                raise LockNotOwnedError("the lock expired, or Redis lost it, before the renewal was done")

    def _keep(self, name: str, mark: str, done: Event) -> None:
        """Extend the lock while its holder works, first after a third of its life: most are done by then."""
        stuck_at = time.monotonic() + KEPT_SECONDS
        while not done.wait(LOCK_SECONDS / 3) and time.monotonic() < stuck_at:
            with suppress(Exception):  # the holder meets the same outage, and says so
                if not self._send("eval", EXTEND_IF_SAME, 1, name, mark, round(LOCK_SECONDS * 1000)):
                    return

    def _kept(self, key: str) -> Any:
        try:
            return self._ask("get", self._name(key))
        except Exception as error:
            if not _is_about_one_key(error):
                raise
            log.warning("what %r holds under a key is ignored: this is no token of this package", self)
            return None

    def _ask(self, command: str, *args: object, anyway: bool = False, **options: object) -> Any:
        """Return Redis's answer; where there is none, raise, and for a while do so at once, unless it is to try."""
        if self._pause.lasts() and not anyway:
            raise redis.ConnectionError(f"Redis failed less than {PAUSE_SECONDS:g} s ago")
        try:
            answer = self._send(command, *args, **options)
        except Exception as error:
            if not _is_about_one_key(error):
                self._pause.begin(PAUSE_SECONDS)
            raise
        if anyway:
            self._pause.end()
        return answer

    def _send(self, command: str, *args: object, **options: object) -> Any:
        now = time.monotonic()
        if self._is_ours and now - self._used_at > IDLE_SECONDS:
            self._client.connection_pool.disconnect(inuse_connections=False)
        self._used_at = now
        return within(ANSWER_SECONDS, partial(getattr(self._client, command), *args, **options), "oauth-cc-auth-redis")

    def _token_in(self, raw: bytes | str | None) -> Token | None:
        try:
            # Text comes from a client that decodes answers.
            return None if raw is None else parse(raw.encode() if isinstance(raw, str) else raw)
        except ValueError as error:
            log.warning("what %r holds under a key is ignored: %s", self, error)
            return None

    def _name(self, key: str) -> str:
        return f"{self._namespace}:{key}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy as the arguments: tokens are in Redis."""
        return partial(RedisStore, lock_timeout=self._lock_timeout), (self._given, self._namespace)

    def __repr__(self) -> str:
        """Show where the tokens are, without user and password."""
        given = self._client.connection_pool.connection_kwargs if self._is_ours else {"host": "a given client"}
        return f"<RedisStore on {given.get('path', given.get('host', 'localhost'))}, namespace {self._namespace!r}>"


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


def _is_about_one_key(error: Exception) -> bool:
    """Return whether somebody else's value is under the key: of another type, or, for a client that decodes, no text.

    Redis's other errors are about the server, also those without a class of their own (MISCONF, NOREPLICAS).
    """
    return isinstance(error, UnicodeDecodeError) or (
        isinstance(error, redis.ResponseError) and "WRONGTYPE" in str(error)
    )


def _milliseconds_left(token: Token) -> int | None:
    if token.lifetime is None or token.refresh_token is not None:
        return None
    age = time.time() - token.obtained_at
    # Another age belongs to another clock, the source's own, by which the token is new.
    left = token.lifetime - (age if 0 <= age < token.lifetime else 0.0)
    return max(round(min(left, LONGEST_LIFE) * 1000), 1)

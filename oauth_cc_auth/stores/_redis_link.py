"""How this process talks to one Redis: by two connections at most, however many stores and sources there are.

One carries the commands, one after the other, each bounded as a whole, whatever the client's own timeouts are. The
other listens while somebody waits for a save. After a failure all commands fail at once for a while, so that an outage
makes one renewal wait, and the next ones not at all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, RLock
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import redis
from redis.exceptions import NoPermissionError
from redis.lock import Lock

from oauth_cc_auth._threads import after_fork_in_child, started, within
from oauth_cc_auth.stores._pause import Pause

T = TypeVar("T")

log = logging.getLogger("oauth_cc_auth")

# For one operation, name lookup, connection, TLS and all.
ANSWER_SECONDS = 2.0

# After a failure: as long as somebody may notice, short beside the windows of a token of minutes.
PAUSE_SECONDS = 5.0

# A firewall may forget a connection that idles between two renewals, and the next command then waits for nothing.
IDLE_SECONDS = 30.0

# How long the listener waits for a message before it looks whether somebody else wants to listen, or nobody any more.
_LISTEN_SECONDS = 0.05

# After the listener has failed, those who wait ask instead.
_DEAF_SECONDS = 60.0

_links: WeakValueDictionary[object, Link] = WeakValueDictionary()


def link_to(given: object, client: Callable[[], Any], *, is_ours: bool) -> Link:
    """Return this process's link to a Redis, which `given` names: a URL, or a user's client."""
    name = given if is_ours else id(given)
    link = _links.get(name)
    if link is None:
        made = client()
        # A listener that is refused must not leave its dead connection to the commands, so it has a pool of its own.
        link = _links[name] = Link(made, client() if is_ours else made, is_ours=is_ours)
    return link


class Link:
    """The commands of one client, and its listener."""

    def __init__(self, client: Any, listener: Any, *, is_ours: bool) -> None:
        """Prepare; nothing is connected yet."""
        self.client, self._listener, self._is_ours = client, listener, is_ours
        self.pause, self._used_at = Pause(), float("-inf")
        self._turn, self.bell = RLock(), Bell(listener)
        self._scripts = self._tells = True

    def ask(self, work: Callable[[], T], *, anyway: bool = False) -> T:
        """Return what the work returns, in turn; where Redis fails, raise, and for a while do so at once.

        `anyway` tries it also then.
        """
        with self._turn:
            if self.pause.lasts() and not anyway:
                raise redis.ConnectionError(f"Redis failed less than {PAUSE_SECONDS:g} s ago")
            try:
                answer = self._send(work)
            except Exception as error:
                if not is_about_one_key(error):
                    self.pause.begin(PAUSE_SECONDS)
                raise
            if anyway:
                self.pause.end()
            return answer

    def keep(self, work: Callable[[], T]) -> T:
        """Return what the work returns, whether Redis failed just now or not; a failure is nobody else's."""
        with self._turn:
            return self._send(work)

    def tell(self, channel: str) -> None:
        """Wake those who listen to a channel; where that fails, they ask now and then."""
        if not self._tells or self.pause.lasts():
            return
        try:
            self.keep(lambda: self.client.publish(channel, ""))
        except Exception as error:  # noqa: BLE001 - whatever a client raises, the token is saved
            self._tells = not isinstance(error, (NoPermissionError, AttributeError))
            log.debug("cannot publish to Redis (%s)", type(error).__name__)

    def _send(self, work: Callable[[], T]) -> T:
        now = time.monotonic()
        if self._is_ours and now - self._used_at > IDLE_SECONDS:
            self.client.connection_pool.disconnect(inuse_connections=False)
        self._used_at = now
        return within(ANSWER_SECONDS, work, "oauth-cc-auth-redis")

    def delete_if_same(self, name: str, value: Any) -> bool:
        """Delete a key if it still has this value; return whether it had. Sent as it is, within `ask`."""
        return bool(self.if_same(Lock.LUA_RELEASE_SCRIPT, name, value, otherwise=lambda client: client.delete(name)))

    def if_same(self, script: str, name: str, value: Any, *args: Any, otherwise: Callable[[Any], Any]) -> Any:
        """Run a script that acts if a key has this value; where Redis runs none, look, and then act.

        The scripts are redis-py's own. Its `Lock` runs them by their hash, which is three round trips where the server
        has not seen them yet; the text is short.
        """
        if self._scripts:
            try:
                return self.client.eval(script, 1, name, value, *args)
            except redis.ResponseError as error:
                if not _refuses_scripts(error):
                    raise
                self._scripts = False
                log.warning("Redis runs no scripts for this user, so locks are released in two steps; allow EVAL")
        kept = self.client.get(name)
        return kept is not None and raw_of(kept) == raw_of(value) and otherwise(self.client)

    def start_over(self) -> None:
        """Forget what threads of a parent process held."""
        self._turn, self.bell = RLock(), Bell(self._listener)


class Bell:
    """Wakes those who wait for a message on a channel; one thread and one connection for all of them."""

    def __init__(self, client: Any) -> None:
        """Begin silent; nothing is connected yet."""
        self._client = client
        self._lock = RLock()
        self._waiting: dict[str, set[Event]] = {}
        self._heard: set[str] = set()
        self._listens = False
        self._deaf_until = float("-inf")

    def is_deaf(self) -> bool:
        """Tell whether nobody will be woken, so that those who wait have to ask."""
        return time.monotonic() < self._deaf_until or not _has_two_connections(self._client)

    @contextmanager
    def listening(self, channel: str) -> Iterator[Event]:
        """Yield an event that is set once this process listens to the channel, and with each message."""
        event = Event()
        with self._lock:
            self._waiting.setdefault(channel, set()).add(event)
            if channel in self._heard:
                event.set()
            if not self._listens and not self.is_deaf():
                self._listens = started(self._listen, "oauth-cc-auth-redis-listener")
        try:
            yield event
        finally:
            with self._lock:
                self._waiting[channel].discard(event)
                if not self._waiting[channel]:
                    del self._waiting[channel]

    def _listen(self) -> None:
        pubsub = None
        try:
            pubsub = self._client.pubsub()
            subscribed: set[str] = set()
            while wanted := self._wanted():
                if new := wanted - subscribed:
                    pubsub.subscribe(*new)
                    subscribed |= new
                self._ring(pubsub.get_message(timeout=_LISTEN_SECONDS))
        except Exception as error:  # noqa: BLE001 - whatever a client raises, those who wait ask instead
            log.debug(
                "cannot listen to Redis (%s); processes that wait for a token ask Redis for it again and again",
                type(error).__name__,
            )
            self._deaf_until = time.monotonic() + _DEAF_SECONDS
        finally:
            with self._lock:
                self._listens = False
                self._heard.clear()
            if pubsub is not None:
                with suppress(Exception):
                    pubsub.close()

    def _wanted(self) -> set[str]:
        with self._lock:
            if not self._waiting:
                # In one step with the look: those who come after it start a listener of their own.
                self._listens = False
                self._heard.clear()
            return set(self._waiting)

    def _ring(self, message: Any) -> None:
        if message is None:
            return
        channel = message["channel"]
        name = channel.decode() if isinstance(channel, bytes) else channel
        with self._lock:
            if message["type"] == "subscribe":
                self._heard.add(name)
            for event in self._waiting.get(name, ()):
                event.set()


def _has_two_connections(client: Any) -> bool:
    """Tell whether a client can listen without taking the connection that the commands need."""
    if not callable(getattr(client, "pubsub", None)):
        return False
    pool = getattr(client, "connection_pool", None)
    return pool is None or getattr(pool, "max_connections", 2) >= 2


def raw_of(value: bytes | str) -> bytes:
    """Return a value as bytes: text comes from a client that decodes answers."""
    return value.encode() if isinstance(value, str) else value


def _refuses_scripts(error: Exception) -> bool:
    # An ACL without @scripting, and proxies with a list of commands.
    return isinstance(error, NoPermissionError) or "unknown command" in str(error).lower()


def is_about_one_key(error: Exception) -> bool:
    """Return whether somebody else's value is under the key: of another type, or, for a client that decodes, no text.

    Redis's other errors are about the server, also those without a class of their own (MISCONF, NOREPLICAS).
    """
    return isinstance(error, UnicodeDecodeError) or (
        isinstance(error, redis.ResponseError) and "WRONGTYPE" in str(error)
    )


def _start_over_in_child() -> None:
    for link in list(_links.values()):
        link.start_over()


after_fork_in_child(_start_over_in_child)

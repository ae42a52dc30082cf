"""How listeners hear of an event: listeners of a source, listeners of the process, and one log record."""

from __future__ import annotations

import logging
from collections.abc import Callable

from oauth_cc_auth._frozen import fields_of
from oauth_cc_auth.events import Event, said

log = logging.getLogger("oauth_cc_auth")

Listener = Callable[[Event], object]


class Hearing:
    """One registration of a listener: what it raises is logged once."""

    __slots__ = ("__weakref__", "_failed", "listener")

    def __init__(self, listener: Listener) -> None:
        """Register; it has not failed yet."""
        self.listener, self._failed = listener, False

    def __call__(self, event: Event) -> None:
        """Call the listener; log the first exception that it raises, by its class alone."""
        try:
            self.listener(event)
        except Exception as error:  # noqa: BLE001 - a listener may raise anything, and the call goes on
            if not self._failed:
                self._failed = True
                name = getattr(self.listener, "__qualname__", type(self.listener).__qualname__)
                log.warning("the listener %s failed on an event (%s); this is logged once", name, type(error).__name__)


# Of the process. Replaced as a whole, so that it can be read without a lock.
process: tuple[Hearing, ...] = ()


def on_event(listener: Listener) -> Callable[[], None]:
    """Call the listener for every event of this process; return the function that ends this.

    The listener is called with an `Event`, as that of a `TokenSource` is. To end it twice does nothing.
    """
    global process  # noqa: PLW0603 - the process has one
    mine = Hearing(listener)
    process = (*process, mine)

    def remove() -> None:
        global process  # noqa: PLW0603 - as above
        process = tuple(hearing for hearing in process if hearing is not mine)

    return remove


def publish(event: Event, hearings: list[Hearing]) -> None:
    """Log an event, and call those who listen: the given ones, and those of the process. A listener hears it once."""
    if log.isEnabledFor(event.level):
        extra = {f"oauth_{field.name}": _plain(getattr(event, field.name)) for field in fields_of(type(event))}
        extra["oauth_event"] = type(event).__name__
        log.log(event.level, "%s: %s", event.vendor, event.sentence, extra=extra)
    called: list[Listener] = []
    for hearing in (*hearings, *process):
        if hearing.listener not in called:
            called.append(hearing.listener)
            hearing(event)


def _plain(value: object) -> object:
    """Return a field as a formatter of JSON can write it."""
    return said(value) if isinstance(value, BaseException) else value

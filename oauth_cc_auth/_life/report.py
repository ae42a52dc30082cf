"""What happens to a token, reported to logs and listeners, with no lock held, where there are any.

The classes of the events take ten milliseconds to import, so a process whose logger is off and that has no listener
never loads them. What happens while a lock is held, or before a flight has landed, is collected and told afterwards.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from oauth_cc_auth._raising import copy_of, scrubbed, whose
from oauth_cc_auth._threads import unforked
from oauth_cc_auth.errors import OAuthError, TokenBudgetExceeded

if TYPE_CHECKING:
    from oauth_cc_auth._life.live_token import LiveToken
    from oauth_cc_auth._token import Token

log = logging.getLogger("oauth_cc_auth")

# What a healthy token does; everything else is a warning.
_QUIET = frozenset({"TokenObtained", "TokenRenewed", "TokenLoaded", "TokenDue", "LoginSaved"})


class Report:
    """What happened to a live token in one piece of work, in its order."""

    __slots__ = ("_clock", "_collected", "_live", "grant", "outcome")

    def __init__(self, grant: Any, live: LiveToken, clock: Callable[[], float]) -> None:
        """Begin with nothing to tell."""
        self.grant, self._live, self._clock = grant, live, clock
        # Of a token request: obtained, renewed or loaded, or failed.
        self.outcome = "failed"
        self._collected: list[tuple[str, float, dict[str, Any]]] = []

    def add(self, event: str, **facts: Any) -> None:
        """Keep an event, by the name of its class and its own fields, until `tell`."""
        self._collected.append((event, self._clock(), facts))

    def came(self, token: Token, *, is_issued: bool, is_first: bool) -> None:
        """Keep that there is another token: the server's answer, or one that another process left in the store."""
        if is_issued:
            self.outcome = "obtained" if is_first else "renewed"
            self.add("TokenObtained" if is_first else "TokenRenewed", lifetime=token.lifetime)
        else:
            left = None if token.expires_at is None else token.expires_at - self._clock()
            self.outcome = "loaded"
            self.add("TokenLoaded", lifetime=left)

    def held(self, before: float | None) -> None:
        """Keep that renewals are held back, unless they were `before`, until the same moment."""
        now = self._clock()
        until = self._live.held_until(now)
        if until is not None and until != before:
            self.add("RenewalHeldBack", until=until, retry_after=until - now)

    def failed(self, error: BaseException) -> None:
        """Keep what a failed token request means for the callers, once the live token has taken note of it."""
        live, now, error = self._live, self._clock(), presentable(error)
        if isinstance(error, TokenBudgetExceeded):
            self.add("BudgetExceeded", error=error, retry_after=error.retry_after)
        elif (token := live.alive(now)) is not None:
            self.add("RenewalFailed", error=error, until=token.ends_at())
        else:
            self.add("TokenRequestRefused", error=error, retry_after=live.remembered_for(now))

    def tell(self) -> None:
        """Log what was kept, and call the listeners. Hold no lock."""
        collected, self._collected = self._collected, []
        for name, at, facts in collected:
            _tell(self.grant, self._live, name, at, facts)


def _tell(grant: Any, live: LiveToken, name: str, at: float, facts: dict[str, Any]) -> None:
    level = logging.INFO if name in _QUIET else logging.WARNING
    with live.landing():
        hearings = list(live.hearings or ())
    loaded = sys.modules.get("oauth_cc_auth._hearing")
    if not (hearings or getattr(loaded, "process", None) or log.isEnabledFor(level)):
        return
    with unforked():
        from oauth_cc_auth import _hearing, events  # noqa: PLC0415 - for those who hear something
    vendor, endpoint, client_id, _ = whose(grant)
    host = urlsplit(endpoint or "").hostname or vendor or ""
    label = f"{vendor or host} at {host}" + ("" if client_id is None else f" for {client_id}")
    event = getattr(events, name)(
        vendor=vendor or host,
        token_endpoint=endpoint or "",
        host=host,
        client_id=client_id,
        label=label,
        at=at,
        **facts,
    )
    _hearing.publish(event, hearings)


def presentable(error: BaseException) -> BaseException:
    """Return a copy of an error that leads to no secret; of a foreign one, which may quote any, the class alone."""
    if isinstance(error, OAuthError):
        return scrubbed(copy_of(error))
    if isinstance(error, AssertionError):  # respx's for a token request that it was not told of
        return OAuthError(f"a mock or an assertion of the program stopped it ({type(error).__name__})")
    return OAuthError(f"an unexpected {type(error).__name__}")

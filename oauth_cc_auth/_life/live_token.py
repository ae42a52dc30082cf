"""The token that all sources of an equal grant share: when it is due, what a caller then does, when it is held back.

Decisions only, each from the state and the time it is given: no thread, no I/O, no clock. The hot path reads `window`,
one tuple that is replaced as a whole, without the lock; everything else is called with `lock` held, which is held for
microseconds. Whatever is remembered has a since and an until: a wall clock that jumps must not hold anything back.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from oauth_cc_auth._life.pauses import LOOK_SECONDS, Pauses
from oauth_cc_auth._life.state import (
    INF,
    NO_PAUSE,
    NO_TOKEN,
    Boarding,
    Refusal,
    Span,
    State,
    Trial,
    Window,
    Withdrawn,
    is_refusal,
    state_of,
)
from oauth_cc_auth._token import CLOCK_TOLERANCE, DUE_FROM, DUE_UNTIL, Token
from oauth_cc_auth.errors import (
    InvalidClient,
    TokenEndpointUnavailable,
)

if TYPE_CHECKING:
    from oauth_cc_auth._hearing import Hearing
    from oauth_cc_auth._life.flight import Flight


# How long a refusal is remembered. Creditsafe locks an account after 5 bad requests in 2 minutes.
REFUSAL_SECONDS = 5.0

# After a failed background renewal: 1 % of the life, at most 30 s, doubling to 5 min: about 5 attempts in 12 minutes.
_BACKOFF_SHARE, _BACKOFF_FIRST, _BACKOFF_LONGEST = 0.01, 30.0, 300.0

# A renewed token that is refused later was good at first, also where no answer is looked at, as over a socket.
TRIAL_SECONDS = 60.0

# How long renewals are held back where the API refuses renewed tokens too: 1 s doubling to 5 min.
_HOLD_FIRST, _HOLD_LONGEST = 1.0, 300.0

# The lock is held for microseconds; whoever holds it for longer does not run.
_HANDLER_SECONDS = 0.25


class LiveToken(Pauses):
    """The shared state of one grant's token."""

    __slots__ = (
        "__weakref__",
        "_held",
        "_refused",
        "_trial",
        "dropped",
        "flight",
        "hearings",
        "lock",
        "previous",
        "server",
        "spent",
        "unsaved",
        "unsettled",
        "window",
    )

    def __init__(self) -> None:
        """Begin without a token."""
        # Taken again by a signal's handler that calls the API while its own thread holds it.
        self.lock = RLock()
        # The listeners of those handles that have one.
        self.hearings: WeakSet[Hearing] | None = None
        self.reset()

    def reset(self) -> None:
        """Forget everything, as if the process had just begun."""
        super().reset()
        self.window = NO_TOKEN
        self.flight: Flight[Token] | None = None
        # What exchanges learn of the authorization server, by names of their own, from the first exchange on.
        self.server: dict[str, Any] | None = None
        # The last token obtained, also when it is expired or refused: a refresh token outlives its access token.
        self.previous: Token | None = None
        # The refresh token with which that one was obtained: a store that still has it is behind us.
        self.spent: str | None = None
        # A login's token that no store took yet, though it should have.
        self.unsaved: Token | None = None
        # The token that was refused or forgotten last: it is not taken from a store again.
        self.dropped: Token | None = None
        # Whether an answer of the API would change anything here; read without the lock, on every answer.
        self.unsettled = False
        self._refused = False
        self._trial: Trial | None = None
        # The token for which it was decided to hold renewals back.
        self._held = ""

    @contextmanager
    def landing(self) -> Iterator[None]:
        """Hold the lock in a flight's thread; go on without it where it does not come.

        A thread that holds it for so long stands still in a signal's handler, which may wait for this very flight.
        """
        held = self.lock.acquire(timeout=_HANDLER_SECONDS)
        try:
            yield
        finally:
            if held:
                self.lock.release()

    def state(self, now: float) -> State:
        """Say what the current token is good for."""
        return state_of(self.window, now)

    def boarding(self, now: float, patience: float) -> Boarding:
        """Say what a caller does who would wait for so many seconds, or raise what is remembered."""
        state, token = self.state(now), self.window.token
        if state is State.FRESH:
            return Boarding(token)
        flight = self.flight
        flight = None if flight is None or flight.lost() else flight
        if flight is None and not self.may_renew(now):
            if state is not State.ABSENT:
                return Boarding(token)
            if (error := self.remembered(now)) is not None:
                raise error
        if state is State.ABSENT or token is None:
            return Boarding(None, flight, flight is None, patience)
        if state is State.DUE or self.is_failing:
            # Where the last renewal failed, there is little use in waiting for the next.
            return Boarding(token, flight, flight is None)
        # It may expire on its way, so another is better; but half of what it has left is time enough to wait.
        half = min(patience, (token.ends_at() - now) / 2)
        return Boarding(None, flight, flight is None, half, patience - half)

    def alive(self, now: float) -> Token | None:
        """Return the current token if its life is not over to the last second."""
        return None if self.state(now) is State.ABSENT else self.window.token

    def may_renew(self, now: float) -> bool:
        """Tell whether a token that is due may be asked for now."""
        return not self._backoff.span.covers(now) and self.remembered(now) is None

    def listen(self, hearing: Hearing) -> None:
        """Tell this listener what happens, for as long as somebody holds its registration."""
        if self.hearings is None:
            self.hearings = WeakSet()
        self.hearings.add(hearing)

    def land(
        self,
        flight: Flight[Token],
        outcome: Token | BaseException,
        now: float,
        *,
        secret: bytes | None = None,
        shared: bool = False,
    ) -> None:
        """Take note of how a flight went, unless the state was reset or the flight was given up while it flew.

        `secret` is the mark of the client secret it was flown with, where that can be another the next time; `shared`
        tells that others may leave a token in a store.
        """
        if self.flight is not flight:
            return
        self.flight = None
        if isinstance(outcome, Token):
            self.adopt(outcome, now)
        else:
            self.fail(outcome, now, secret=secret, shared=shared)

    def adopt(self, token: Token, now: float) -> None:
        """Make this the current token. One obtained because its predecessor was refused is on trial."""
        share = random.uniform(DUE_FROM, DUE_UNTIL)  # noqa: S311 - spreads load, keeps no secret
        since = token.obtained_at - CLOCK_TOLERANCE if token.expires_at is not None else -INF
        self.window = Window(token, since, token.due_at(share))
        self.previous = token
        self._refusal, self._backoff, self.last_error = None, NO_PAUSE, None
        dropped, self.dropped = self.dropped, None
        if self._refused:
            self._refused, self.unsettled = False, True
            self._trial = Trial(token, Span(now, now + TRIAL_SECONDS))
            if dropped is not None and token.access_token == dropped.access_token:
                # X, Feishu and Marketo hand out the running token again: it is as refused as it was.
                self._hold_back(token, now)

    def fail(self, error: BaseException, now: float, *, secret: bytes | None = None, shared: bool = False) -> None:
        """Take note of a failed token request: what the next one must wait for."""
        known = self._refusal
        if self.retold(error):
            return  # nothing was asked
        self.last_error = error
        seconds = getattr(error, "retry_after", None) or 0.0
        if is_refusal(error):
            seconds = max(seconds, REFUSAL_SECONDS)
        if seconds:
            mark = secret if isinstance(error, InvalidClient) else None
            changes = mark is not None or (shared and isinstance(error, TokenEndpointUnavailable))
            # A secret that differs at every reading, such as a JWT, would pass as another each time: after a second
            # refusal it waits as any other does.
            looks = changes and not (known is not None and known.span.covers(now))
            look = Span(now, now + (LOOK_SECONDS if looks else seconds))
            self._refusal = Refusal(error, Span(now, now + seconds), look, mark)
        token = self.window.token
        if token is not None:
            life = INF if token.lifetime is None else token.lifetime
            first = min(life * _BACKOFF_SHARE, _BACKOFF_FIRST)
            share = random.uniform(0.75, 1.0)  # noqa: S311 - spreads load
            self._backoff = self._backoff.longer(now, first, _BACKOFF_LONGEST, share)

    def reject(self, token: Token, now: float) -> bool:
        """Forget the token if it is the current one; say whether another may be had now.

        A late refusal of an older token changes nothing. The refusal of a token that was itself obtained because of a
        refusal holds renewals back: an API that refuses every token must not become a token request per call.
        """
        current = self.window.token
        if current is None or current.access_token != token.access_token:
            return True
        if self._hold.span.covers(now):
            return False
        trial, text = self._trial, token.access_token
        on_trial = trial is not None and trial.token.access_token == text and trial.span.covers(now)
        if on_trial and self._held != text:
            self._hold_back(current, now)
            return False
        self.forget(current)
        self._refused = True
        return True

    def _hold_back(self, token: Token, now: float) -> None:
        self._hold = self._hold.longer(now, _HOLD_FIRST, _HOLD_LONGEST)
        self._held, self.unsettled = token.access_token, True

    def accept(self, token: Token) -> None:
        """Take note that the API took the current token: nothing is on trial or held back any more."""
        current = self.window.token
        if current is not None and current.access_token == token.access_token:
            self._trial, self._hold, self._held = None, NO_PAUSE, ""
            self.unsettled = False

    def forget(self, token: Token | None) -> None:
        """Serve this token no more, if it is the current one, nor take it from a store again."""
        current = self.window.token
        if current is not None and token is not None and current.access_token == token.access_token:
            self.dropped = current
            self.window = NO_TOKEN

    def withdraw(self, only: Token | None) -> Withdrawn:
        """Serve what is to be revoked no more: this token only, or all that there is."""
        known, previous = self.window.token, self.previous
        # A refresh token outlives its access token, and it is what is revoked.
        token = only or known or (previous if previous and previous.refresh_token else None)
        self.forget(token)
        if only is not None:
            return Withdrawn(token, previous, None)
        # Nothing asks with the old refresh token any more, and what is in the air is not taken.
        flight, self.flight, self.previous = self.flight, None, None
        return Withdrawn(token, previous, flight)

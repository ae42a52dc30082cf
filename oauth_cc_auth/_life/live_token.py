"""The token that everybody with the same grant shares: fresh, due, expired, refused, held back.

Decisions only, each from the state and the time it is given: no thread, no I/O, no clock. The hot path reads `window`,
one tuple that is replaced as a whole, without the lock; everything else is called with `lock` held, which is held for
microseconds. Whatever is remembered has a since and an until: a wall clock that jumps must not hold anything back.
"""

from __future__ import annotations

import random
from enum import Enum
from threading import RLock
from typing import TYPE_CHECKING, NamedTuple

from oauth_cc_auth._raising import copy_of
from oauth_cc_auth._token import CLOCK_TOLERANCE, DUE_FROM, DUE_UNTIL, Token
from oauth_cc_auth.errors import (
    InteractionRequired,
    InvalidClient,
    InvalidTokenResponse,
    OAuthError,
    TokenEndpointUnavailable,
    TokenRequestError,
)

if TYPE_CHECKING:
    from oauth_cc_auth._life.flight import Flight


_INF = float("inf")


# How long a refusal is remembered. Creditsafe locks an account after 5 bad requests in 2 minutes.
REFUSAL_SECONDS = 5.0


# Where another secret can be there by now, or in a store the token of somebody who was luckier, that is looked at again
# after this time: often enough for whoever waits, and no vault or store is asked once a call.
LOOK_SECONDS = 1.0


# After a failed background renewal: 1 % of the life, at most 30 s, doubling to 5 min; so an hour's due window of 12
# minutes sees about five attempts.
_BACKOFF_SHARE, _BACKOFF_FIRST, _BACKOFF_LONGEST = 0.01, 30.0, 300.0


# A renewed token that is refused after this time was good at first, also where nobody says so: a source that serves
# something else than HTTP has no answers to look at.
TRIAL_SECONDS = 60.0


# How long renewals are held back where the API refuses renewed tokens too: 1 s doubling to 5 min.
_HOLD_FIRST, _HOLD_LONGEST = 1.0, 300.0


class State(Enum):
    """What a token is good for at a moment."""

    FRESH = "serve it"
    DUE = "serve it and renew it"
    ENDING = "wait for another, and serve it if none comes"
    ABSENT = "wait for another"


class Span(NamedTuple):
    """A stretch of time; the clock may have been set back to before it began, and then it is over too."""

    since: float
    until: float

    def covers(self, now: float) -> bool:
        """Tell whether now is in it."""
        return self.since <= now < self.until


class Window(NamedTuple):
    """A token and the time in which it is fresh."""

    token: Token | None
    since: float
    due: float


class Withdrawn(NamedTuple):
    """What is known of a token, or a login, that is about to be revoked, and of its renewal in the air."""

    token: Token | None
    previous: Token | None
    flight: Flight[Token] | None


_NO_TOKEN = Window(None, _INF, -_INF)


_NEVER = Span(_INF, -_INF)


class LiveToken:
    """The shared state of one grant's token."""

    __slots__ = (
        "__weakref__",
        "_backoff",
        "_held_token",
        "_hold",
        "_hold_seconds",
        "_look",
        "_memory",
        "_pause",
        "_refused",
        "_refused_secret",
        "_remembered",
        "_retold",
        "_trial",
        "_trial_ends",
        "dropped",
        "fixed",
        "flight",
        "lock",
        "previous",
        "spent",
        "unsaved",
        "unsettled",
        "window",
    )

    def __init__(self, fixed: Token | None = None) -> None:
        """Begin without a token, or with one that never changes."""
        # Taken again by a signal's handler that calls the API while its own thread holds it.
        self.lock = RLock()
        self.fixed = fixed
        self.reset()

    def reset(self) -> None:
        """Forget everything, as if the process had just begun."""
        self.window = _NO_TOKEN if self.fixed is None else Window(self.fixed, -_INF, _INF)
        self.flight: Flight[Token] | None = None
        # The last token obtained, also when it is expired or refused: a refresh token outlives its access token.
        self.previous: Token | None = None
        # The refresh token with which that one was obtained: who still has it is behind us.
        self.spent: str | None = None
        # The token that was refused or forgotten last: it is not taken from a store again.
        self.dropped: Token | None = None
        self._refused = False
        # Whether an answer of the API would change anything here; read without the lock, on every answer.
        self.unsettled = False
        self._memory = _NEVER
        self._remembered: BaseException | None = None
        # The mark of the secret that was refused, where it can be another when it is read again.
        self._refused_secret: bytes | None = None
        # When it does not help to look again without asking the server, and what was told when somebody did.
        self._look = _NEVER
        self._retold: BaseException | None = None
        self._backoff, self._pause = _NEVER, 0.0
        self._trial: Token | None = None
        self._trial_ends = _NEVER
        # A login's token that no store took yet, though it should have.
        self.unsaved: Token | None = None
        self._held_token: Token | None = None
        self._hold, self._hold_seconds = _NEVER, 0.0

    def state(self, now: float) -> State:
        """Say what the current token is good for."""
        token, since, due = self.window
        if token is None or now >= token.ends_at():
            return State.ABSENT
        if now >= token.usable_until():
            return State.ENDING
        return State.FRESH if since <= now < due else State.DUE

    def remembered(self, now: float) -> BaseException | None:
        """Return a copy of the refusal that is still to be answered, without asking the server or for the secret."""
        if self._remembered is None or not self._memory.covers(now) or not self._look.covers(now):
            return None
        return self._told(self._remembered, now)

    def _told(self, remembered: BaseException, now: float) -> BaseException:
        error = copy_of(remembered)
        if isinstance(error, OAuthError):
            error.remembered = True
        if getattr(error, "retry_after", None) is not None:
            vars(error)["retry_after"] = self._memory.until - now
        return error

    def refusal_of(self, secret: bytes | None, now: float) -> BaseException | None:
        """Return what still holds for the secret with this mark when it is looked again, so that nothing is sent."""
        remembered = self._remembered
        if remembered is None or not self._memory.covers(now):
            return None
        if self._refused_secret is not None and secret != self._refused_secret:
            return None
        self._look = Span(now, now + LOOK_SECONDS)
        self._retold = self._told(remembered, now)
        return self._retold

    def alive(self, now: float) -> Token | None:
        """Return the current token if its life is not over to the last second."""
        return None if self.state(now) is State.ABSENT else self.window.token

    @property
    def failing(self) -> bool:
        """Whether the last renewal of the current token failed, so that there is little use in waiting for the next."""
        return self._pause > 0

    def may_renew(self, now: float) -> bool:
        """Tell whether a token that is due may be asked for now."""
        return not self._backoff.covers(now) and self.remembered(now) is None

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
        since = token.obtained_at - CLOCK_TOLERANCE if token.expires_at is not None else -_INF
        self.window = Window(token, since, token.due_at(share))
        self.previous = token
        self._remembered, self._memory, self._retold = None, _NEVER, None
        self._backoff, self._pause = _NEVER, 0.0
        dropped, self.dropped = self.dropped, None
        if self._refused:
            self._refused = False
            self._trial, self.unsettled = token, True
            self._trial_ends = Span(now, now + TRIAL_SECONDS)
            if dropped is not None and token.access_token == dropped.access_token:
                # X, Feishu and Marketo hand out the running token again: it is as refused as it was.
                self._hold_back(token, now)

    def fail(self, error: BaseException, now: float, *, secret: bytes | None = None, shared: bool = False) -> None:
        """Take note of a failed token request: what the next one must wait for."""
        if error is self._retold:
            return  # nothing was asked
        seconds = getattr(error, "retry_after", None) or 0.0
        if _is_refusal(error):
            seconds = max(seconds, REFUSAL_SECONDS)
        if seconds:
            self._refused_secret = secret if isinstance(error, InvalidClient) else None
            changes = self._refused_secret is not None or (shared and isinstance(error, TokenEndpointUnavailable))
            # Who makes a new secret for each request, such as a JWT, and is refused with the second too, has to wait.
            looks = changes and not self._memory.covers(now)
            self._look = Span(now, now + (LOOK_SECONDS if looks else seconds))
            self._remembered, self._memory = error, Span(now, now + seconds)
        token = self.window.token
        if token is not None:
            life = _INF if token.lifetime is None else token.lifetime
            first = min(life * _BACKOFF_SHARE, _BACKOFF_FIRST)
            self._pause = min(self._pause * 2 or first, _BACKOFF_LONGEST)
            self._backoff = Span(now, now + self._pause * random.uniform(0.75, 1.0))  # noqa: S311 - spreads load

    def reject(self, token: Token, now: float) -> bool:
        """Forget the token if it is the current one; say whether another may be had now.

        A late refusal of an older token changes nothing. The refusal of a token that was itself obtained because of a
        refusal holds renewals back: an API that refuses every token must not become a token request per call.
        """
        current = self.window.token
        if self.fixed is not None:
            return False
        if current is None or current.access_token != token.access_token:
            return True
        if self._hold.covers(now):
            return False
        on_trial = self._trial is not None and self._trial.access_token == token.access_token
        on_trial = on_trial and self._trial_ends.covers(now)
        if on_trial and (self._held_token is None or self._held_token.access_token != token.access_token):
            self._hold_back(current, now)
            return False
        self.forget(current)
        self._refused = True
        return True

    def _hold_back(self, token: Token, now: float) -> None:
        self._hold_seconds = min(self._hold_seconds * 2 or _HOLD_FIRST, _HOLD_LONGEST)
        self._hold, self._held_token = Span(now, now + self._hold_seconds), token
        self.unsettled = True

    def accept(self, token: Token) -> None:
        """Take note that the API took the current token: nothing is on trial or held back any more."""
        current = self.window.token
        if current is not None and current.access_token == token.access_token:
            self._trial = self._held_token = None
            self._hold, self._hold_seconds = _NEVER, 0.0
            self.unsettled = False

    def forget(self, token: Token | None) -> None:
        """Serve this token no more, if it is the current one, nor take it from a store again."""
        current = self.window.token
        if (
            self.fixed is None
            and current is not None
            and token is not None
            and current.access_token == token.access_token
        ):
            self.dropped = current
            self.window = _NO_TOKEN

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


def _is_refusal(error: BaseException) -> bool:
    """Tell whether the server refused; one that was not there, or not itself, may be asked again at once."""
    if isinstance(error, InvalidTokenResponse):
        # FortiIdentity and Sentinel Hub refuse a client so, without a code.
        return error.status_code in {400, 403}
    return isinstance(error, (TokenRequestError, InteractionRequired)) and not isinstance(
        error, TokenEndpointUnavailable
    )

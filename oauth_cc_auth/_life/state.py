"""Whether a token is fresh, due, ending or absent at a moment, and the other values of a live token's state.

Each has a since and an until where it is remembered.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from oauth_cc_auth._frozen import dataclass
from oauth_cc_auth._raising import copy_of
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import (
    InteractionRequired,
    InvalidTokenResponse,
    TokenEndpointUnavailable,
    TokenRequestError,
)

if TYPE_CHECKING:
    from oauth_cc_auth._life.flight import Flight


INF = float("inf")


class State(Enum):
    """What a token is good for at a moment."""

    FRESH = "serve it"
    DUE = "serve it and renew it"
    ENDING = "wait for another, and serve it if none comes"
    ABSENT = "wait for another"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time; the clock may have been set back to before it began, and then it is over too."""

    since: float
    until: float

    def covers(self, now: float) -> bool:
        """Tell whether now is in it."""
        return self.since <= now < self.until


@dataclass(frozen=True, slots=True)
class Window:
    """A token and the time in which it is fresh."""

    token: Token | None
    since: float
    due: float


def state_of(window: Window, now: float) -> State:
    """Return what the token is good for at this moment."""
    token = window.token
    if token is None or now >= token.ends_at():
        return State.ABSENT
    if now >= token.usable_until():
        return State.ENDING
    return State.FRESH if window.since <= now < window.due else State.DUE


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What is known of a token, or a login, that is about to be revoked, and of its renewal in the air."""

    token: Token | None
    previous: Token | None
    flight: Flight[Token] | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A failure that is remembered for a while, so that the server is not asked again in vain."""

    error: BaseException
    span: Span
    # When it does not help to look again, for another secret or in a store, without asking the server.
    look: Span
    # The mark of the secret that was refused, where it can be another when it is read again.
    secret: bytes | None
    # What a flight was given that only looked.
    retold: BaseException | None = None

    def told(self, now: float) -> BaseException:
        """Return a copy of the error, with the time to wait as it is now."""
        error = copy_of(self.error)
        vars(error)["remembered"] = True
        if getattr(error, "retry_after", None) is not None:
            vars(error)["retry_after"] = self.span.until - now
        return error


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which nothing is asked, and how long it is in seconds; each is twice the last."""

    span: Span
    seconds: float

    def longer(self, now: float, first: float, longest: float, share: float = 1.0) -> Pause:
        """Return the next one, which lasts this share of its seconds."""
        seconds = min(self.seconds * 2 or first, longest)
        return Pause(Span(now, now + seconds * share), seconds)


@dataclass(frozen=True, slots=True)
class Trial:
    """A token that was obtained because its predecessor was refused, and the time in which a refusal condemns it."""

    token: Token
    span: Span


@dataclass(frozen=True, slots=True)
class Boarding:
    """What a caller does who wants a token now.

    `serve` is a token that is good enough not to wait. `flight` brings the next one; where one `opens`, it is yet to be
    made. The caller waits for it for `patience` seconds, then takes the token at hand if that still lives, else waits
    for the `rest`.
    """

    serve: Token | None
    flight: Flight[Token] | None = None
    opens: bool = False
    patience: float = 0.0
    rest: float = 0.0


NO_TOKEN = Window(None, INF, -INF)

NEVER = Span(INF, -INF)

NO_PAUSE = Pause(NEVER, 0.0)


def is_refusal(error: BaseException) -> bool:
    """Tell whether the server refused; one that was not there, or not itself, may be asked again at once."""
    if isinstance(error, InvalidTokenResponse):
        # FortiIdentity and Sentinel Hub refuse a client so, without a code.
        return error.status_code in {400, 403}
    return isinstance(error, (TokenRequestError, InteractionRequired)) and not isinstance(
        error, TokenEndpointUnavailable
    )

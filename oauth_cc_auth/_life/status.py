"""What a health endpoint shows of a token, read without a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from oauth_cc_auth._frozen import dataclass
from oauth_cc_auth._life.report import presentable
from oauth_cc_auth._life.state import INF, State, state_of

if TYPE_CHECKING:
    from oauth_cc_auth._life.live_token import LiveToken

StateName: TypeAlias = Literal["absent", "fresh", "due", "ending", "held"]

_NAMES: dict[State, StateName] = {
    State.ABSENT: "absent",
    State.FRESH: "fresh",
    State.DUE: "due",
    State.ENDING: "ending",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenStatus:
    """How it stands with a source's token at a moment; a value without a secret. All times are epoch seconds.

    state: "absent": the next call requests a token. "fresh": calls use it. "due": calls use it while it is renewed in
    the background. "ending": its last seconds, in which calls wait for the next one. "held": the API refuses new tokens
    too, so a 401 renews nothing for now.
    ends: when the token ends; None without a token, and for one whose end nobody knows.
    due: when its renewal begins; None as for `ends`.
    held_until: until when a 401 renews nothing, or no token is requested because the last request failed; else None.
    last_error: why the last token request failed, None if a token has come since.
    store: the store that shares the token, without a password; None without one.
    """

    state: StateName
    ends: float | None
    due: float | None
    held_until: float | None
    last_error: BaseException | None
    store: str | None


def status_of(live: LiveToken, now: float, store: str | None) -> TokenStatus:
    """Return how it stands with a live token."""
    window, error = live.window, live.last_error
    state, token = state_of(window, now), window.token
    ends, due = (INF, INF) if token is None or state is State.ABSENT else (token.ends_at(), window.due)
    held = None if state is State.ABSENT else live.held_until(now)
    waits = [until for until in (held, live.quiet_until(now)) if until is not None]
    return TokenStatus(
        state=_NAMES[state] if held is None else "held",
        ends=None if ends == INF else ends,
        due=None if due == INF else due,
        held_until=max(waits, default=None),
        last_error=None if error is None else presentable(error),
        store=store,
    )

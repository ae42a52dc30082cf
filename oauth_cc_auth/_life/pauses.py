"""When no token is requested, and why: a failure that is remembered, a renewal that failed, an API that refuses all.

Decisions only, as in `live_token`. Each pause has a since and an until.
"""

from __future__ import annotations

from oauth_cc_auth._frozen import replace
from oauth_cc_auth._life.state import NEVER, NO_PAUSE, Refusal, Span

# Another secret, or another's token in a store, is looked for this often.
LOOK_SECONDS = 1.0


class Pauses:
    """What a live token waits for before it requests another."""

    __slots__ = ("_backoff", "_hold", "_refusal", "last_error")

    def reset(self) -> None:
        """Forget everything: a token may be requested at once."""
        # Why the last token request failed, if no token has come since.
        self.last_error: BaseException | None = None
        self._refusal: Refusal | None = None
        # After a renewal that failed, and while the API refuses renewed tokens too.
        self._backoff, self._hold = NO_PAUSE, NO_PAUSE

    def remembered(self, now: float) -> BaseException | None:
        """Return a copy of the refusal that is still to be answered, without asking the server or for the secret."""
        refusal = self._refusal
        if refusal is None or not refusal.span.covers(now) or not refusal.look.covers(now):
            return None
        return refusal.told(now)

    def still_refused(self, secret: bytes | None, now: float) -> BaseException | None:
        """Return the error that the secret with this mark would get again; None if it may be tried."""
        refusal = self._refusal
        if refusal is None or not refusal.span.covers(now):
            return None
        if refusal.secret is not None and secret != refusal.secret:
            return None
        retold = refusal.told(now)
        self._refusal = replace(refusal, look=Span(now, now + LOOK_SECONDS), retold=retold)
        return retold

    def retold(self, error: BaseException) -> bool:
        """Tell whether this is the answer that is remembered, for which nothing was asked."""
        return self._refusal is not None and error is self._refusal.retold

    def held_until(self, now: float) -> float | None:
        """Return until when renewals are held back, because the API refuses renewed tokens too."""
        return self._hold.span.until if self._hold.span.covers(now) else None

    def quiet_until(self, now: float) -> float | None:
        """Return until when no token is requested, because the last request failed; None if one may be now."""
        refusal = self._refusal
        spans = (self._backoff.span, NEVER if refusal is None else refusal.span)
        return max((span.until for span in spans if span.covers(now)), default=None)

    def remembered_for(self, now: float) -> float | None:
        """Return for how many more seconds a failure is remembered."""
        refusal = self._refusal
        return refusal.span.until - now if refusal is not None and refusal.span.covers(now) else None

    @property
    def is_failing(self) -> bool:
        """Whether a renewal of the current token has failed already."""
        return self._backoff.seconds > 0

"""How a store that has failed is left alone for a while.

An outage then makes one renewal wait, and the next ones not at all. One thing is worth another try meanwhile: to save a
refresh token, because the server may have made it the only one that is still good.
"""

from __future__ import annotations

import time

from oauth_cc_auth._token import Token


class Pause:
    """The time after a failure in which a store is not asked."""

    def __init__(self) -> None:
        """Begin in use."""
        self._until = float("-inf")

    def lasts(self) -> bool:
        """Return whether the store failed just now."""
        return time.monotonic() < self._until

    def begin(self, seconds: float) -> None:
        """Leave the store alone for so long; tries that are made all the same make it no longer."""
        if not self.lasts():
            self._until = time.monotonic() + seconds

    def end(self) -> None:
        """Use the store again: it has answered."""
        self._until = float("-inf")


def is_worth_another_try(token: Token) -> bool:
    """Return whether to save this token is tried also during a pause.

    EncryptedStore hides a refresh token: what is left to see of it is that its entry does not expire.
    """
    return token.refresh_token is not None or token.expires_at is None

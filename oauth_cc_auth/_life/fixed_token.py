"""The live token of a key that was made by hand: there is nothing to renew."""

from __future__ import annotations

from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._life.state import INF, Window
from oauth_cc_auth._token import Token


class FixedToken(LiveToken):
    """A token that never changes: somebody made it by hand."""

    __slots__ = ("_token",)

    def __init__(self, token: Token) -> None:
        """Serve this token for ever."""
        self._token = token
        super().__init__()

    def reset(self) -> None:
        """Forget nothing."""
        super().reset()
        self.window = Window(self._token, -INF, INF)

    def reject(self, token: Token, now: float) -> bool:  # noqa: ARG002 - there is no other
        """Say that no other is to be had."""
        return False

    def forget(self, token: Token | None) -> None:
        """Go on with it."""

"""A report that tells at once what is added to it, for tests of what adds."""

from __future__ import annotations

from typing import Any

from loopback import Clock, grant_for

from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._life.report import Report


class Spoken(Report):
    """A report of a grant's token that is logged as it grows."""

    __slots__ = ()

    def __init__(self) -> None:
        """Report on a token that nobody has."""
        super().__init__(grant_for(), LiveToken(), Clock())

    def add(self, event: str, **facts: Any) -> None:
        """Tell at once."""
        super().add(event, **facts)
        self.tell()

"""An access token, and the shares of its life: from which on it is due for renewal, and from which on expired.

A token is *fresh* for four fifths of its life, then *due*: still served, while somebody renews it. In its last
twentieth, at most ten seconds, it counts as *expired*, because a request that leaves now may arrive too late; it is
served only if no other comes. All of it scales with the lifetime, so that a token of three seconds works like one of a
day.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, TypeGuard

from oauth_cc_auth._frozen import EMPTY, FrozenMapping, dataclass, field

# Renewal starts at a moment drawn from this part of the life, so that processes which obtained their tokens together
# do not all renew together. Four fifths leave 12 minutes of an hour to outlive an outage.
DUE_FROM, DUE_UNTIL = 0.80, 0.82

# Time for a request to travel, the server's clock to be ahead, and the API to look at the token.
EXPIRY_SHARE, EXPIRY_SECONDS = 0.05, 10.0

# The type of a token that no API takes, but that another grant may send on (RFC 8693 §2.2.1).
NOT_APPLICABLE = "N_A"


@dataclass(frozen=True, slots=True)
class Token:
    """An access token as the token endpoint issued it (RFC 6749 §5.1).

    access_token: the token itself; it does not print.
    token_type: how it is presented, "Bearer" for most.
    expires_at: when it ends, in seconds since the epoch by the source's clock; None where the server did not say.
    obtained_at: the moment before the request was sent, by the same clock.
    scope: what was granted, if the server said so.
    refresh_token: what renews it, where there is one; it does not print.
    extra: the rest of the answer, without its secrets.
    label: whose token this is (vendor, host, client_id, login), for those who look into a store. It does not count when
    tokens are compared.
    """

    access_token: str = field(repr=False)
    token_type: str = "Bearer"
    expires_at: float | None = None
    obtained_at: float = field(default_factory=time.time)
    scope: str | None = None
    refresh_token: str | None = field(default=None, repr=False)
    extra: Mapping[str, Any] = field(default=EMPTY, repr=False)
    label: Mapping[str, str] = field(default=EMPTY, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the token a value that nobody can change."""
        for name in ("extra", "label"):
            if not isinstance(getattr(self, name), FrozenMapping):
                object.__setattr__(self, name, FrozenMapping(getattr(self, name)))

    @property
    def lifetime(self) -> float | None:
        """Seconds from `obtained_at` to `expires_at`, or None if the token is valid until refused."""
        return None if self.expires_at is None else max(self.expires_at - self.obtained_at, 0.0)

    def due_at(self, share: float) -> float:
        """Return the moment at which this share of the life is over."""
        return float("inf") if self.lifetime is None else self.obtained_at + self.lifetime * share

    def ends_at(self) -> float:
        """Return the moment at which the life is over, as the server said."""
        return float("inf") if self.expires_at is None else self.expires_at

    def usable_until(self) -> float:
        """Return the moment from which the token counts as expired."""
        if self.expires_at is None or self.lifetime is None:
            return float("inf")
        return self.expires_at - min(self.lifetime * EXPIRY_SHARE, EXPIRY_SECONDS)


# A token from this far in the future was obtained before the clock was set back: two machines never differ by so much.
CLOCK_TOLERANCE = 60.0

# Without a blank at its ends, which no header keeps (RFC 9110 §5.5).
_VSCHAR = r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?"


def is_access_token(value: object) -> TypeGuard[str]:
    """Tell whether this can be an access token: printable ASCII, which fits in a header (RFC 6749 appendix A.12)."""
    return isinstance(value, str) and re.fullmatch(_VSCHAR, value) is not None

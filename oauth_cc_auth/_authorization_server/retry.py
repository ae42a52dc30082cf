"""When a token request that failed is worth another attempt."""

from __future__ import annotations

from oauth_cc_auth.errors import (
    TokenEndpointUnavailable,
    TokenRequestError,
)

RETRIES = 3


_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})


# The pauses before the retries, as shares of the timeout: 0.2, 0.4 and 0.8 s for the default of 10 s.
_FIRST_PAUSE = 0.02


def pause_before_retry(error: TokenRequestError, attempt: int, timeout: float, jitter: float) -> float | None:
    """Return the seconds to wait before asking again, or None if asking again makes no sense.

    No answer, and the statuses that a load balancer or an overloaded server gives, are worth another attempt; an OAuth
    error is not: the server has understood and refused. `attempt` counts from 0, `jitter` is between 0 and 1.
    """
    temporary = error.status_code is None or error.status_code in _RETRIED_STATUSES
    if not isinstance(error, TokenEndpointUnavailable) or not temporary or attempt >= RETRIES:
        return None
    backoff = timeout * _FIRST_PAUSE * 2.0**attempt * (0.5 + jitter / 2)
    return max(backoff, error.retry_after or 0.0)

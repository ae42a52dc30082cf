"""When a token request that failed is sent again; a call of the API that failed, as with 503, is never."""

from __future__ import annotations

from oauth_cc_auth._http.lending import is_certificate
from oauth_cc_auth.errors import TokenEndpointUnavailable, TokenRequestError

RETRIES = 3

_RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})

# A server that says so in a body counts, whatever the status (RFC 6749 §4.1.2.1).
_RETRIED_CODES = frozenset({"server_error", "temporarily_unavailable"})

# The pauses before the retries, as shares of the timeout: 0.2, 0.4 and 0.8 s for the default of 10 s.
_FIRST_PAUSE = 0.02


def pause_before_retry(error: TokenRequestError, attempt: int, timeout: float, jitter: float) -> float | None:
    """Return the seconds to wait before asking again, or None if asking again makes no sense.

    No answer, and the statuses and codes that a load balancer or an overloaded server gives, are worth another attempt.
    An OAuth error is not: the server has understood and refused. Nor is a certificate that cannot be verified: it will
    be the same. `attempt` counts from 0, `jitter` is between 0 and 1.
    """
    temporary = error.status_code in {None, *_RETRIED_STATUSES} or error.error in _RETRIED_CODES
    temporary = temporary and not is_certificate(error)
    if not isinstance(error, TokenEndpointUnavailable) or not temporary or attempt >= RETRIES:
        return None
    backoff = timeout * _FIRST_PAUSE * 2.0**attempt * (0.5 + jitter / 2)
    return max(backoff, error.retry_after or 0.0)

"""Retry-After: how long a server wants to be left alone (RFC 9110 §10.2.3)."""

from __future__ import annotations

import time
from collections.abc import Mapping

from oauth_cc_auth._http.json_path import positive

# Longer than this a server does not mean it.
_A_DAY = 86_400.0


def retry_after(headers: Mapping[str, str], unit: float = 1.0) -> float | None:
    """Return the seconds of a Retry-After header, at most a day (RFC 9110 §10.2.3); `unit` is that of its number."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    units = positive(value)
    seconds = None if units is None else positive(units * unit)
    if units is None:
        # A date is compared with the server's own clock where it tells the time.
        seconds = seconds_until(value, headers.get("date"))
    return None if seconds is None else min(seconds, _A_DAY)


def seconds_until(date: str, now: str | None) -> float | None:
    """Return the seconds from one HTTP date to a later one, from now where there is no first; else None."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - 8 ms that only a date costs

    try:
        then = parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    try:
        start = parsedate_to_datetime(now or "").timestamp()
    except (ValueError, TypeError, OverflowError):
        start = time.time()
    return max(then - start, 0.0) or None

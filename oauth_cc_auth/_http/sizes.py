"""How much of an answer is read, and in which pieces."""

from __future__ import annotations

# Nothing of a token answer is this long; golang/oauth2 stops at the same size.
MAX_ANSWER = 1 << 20

# Of an answer of the API that was refused, as much is read to keep its connection, in bytes and in seconds: a new
# connection costs less than a longer answer.
DRAINED, DRAIN_SECONDS = 64 * 1024, 5.0


def piece_size(content_encoding: str | None) -> int:
    """Return how many bytes of a body to decode at a time, so that it can be told when it grows out of all proportion.

    Sixteen bytes of two nested gzips, or of brotli, become at most some MiB.
    """
    return 1 << 14 if content_encoding in {None, "", "identity"} else 16

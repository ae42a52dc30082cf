"""What may stand for a secret: in this process, and in a store."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from threading import BoundedSemaphore

from oauth_cc_auth._threads import after_fork_in_child

_process_key = secrets.token_bytes(32)


# Each slow hash takes 16 MiB: a thousand grants that are asked for at once must not take 16 GiB.
_hashing = BoundedSemaphore(2)


def slow_hash(secret: str, salt: bytes) -> str:
    """Return what may stand for a secret in a store: scrypt (RFC 7914) at its usual interactive cost."""
    with _hashing:
        return hashlib.scrypt(secret.encode(), salt=salt, n=1 << 14, r=8, p=1, dklen=32).hex()


def fingerprint(secret: str) -> bytes:
    """Return what stands for a secret in this process: of no use to anybody outside it, and not reversible."""
    return hmac.digest(_process_key, secret.encode(), "sha256")


def _start_over_in_child() -> None:
    # A thread that the child does not have may have held it.
    global _hashing  # noqa: PLW0603 - the module's one semaphore
    _hashing = BoundedSemaphore(2)


after_fork_in_child(_start_over_in_child)

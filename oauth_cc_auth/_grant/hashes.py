"""What may stand for a secret: in this process, and in a store."""

from __future__ import annotations

import hashlib
import hmac
import os
from threading import RLock

from oauth_cc_auth._threads import after_fork_in_child

_process_key = os.urandom(32)

# Each slow hash takes 16 MiB: a thousand grants that are asked for at once must not take 16 GiB. Those of one name take
# the same turn, and a signal's handler may take the turn of its own thread again.
_turns = (RLock(), RLock())

# What was computed, by the secret's fingerprint and the salt; at 200 bytes each, 800 kB.
_MOST_REMEMBERED = 4096

_remembered: dict[tuple[bytes, bytes], str] = {}


def slow_hash(secret: str, salt: bytes) -> str:
    """Return what may stand for a secret in a store: scrypt (RFC 7914) at its usual interactive cost.

    It takes 50 ms, once in a process for the same secret and salt, however many threads ask at once.
    """
    name = (fingerprint(secret), salt)
    with _turns[hash(name) % len(_turns)]:
        known = _remembered.pop(name, None)
        if known is None:
            known = hashlib.scrypt(secret.encode(), salt=salt, n=1 << 14, r=8, p=1, dklen=32).hex()
        _remembered[name] = known  # at the end, as what was asked for last
        if len(_remembered) > _MOST_REMEMBERED:
            _remembered.pop(list(_remembered)[0], None)  # noqa: RUF015 - whole, whatever the other turn does meanwhile
    return known


def stored_hash(secret: str | None, parts: bytes) -> str:
    """Return the slow hash of a secret and of all that stands beside it, which may be secret as well."""
    salt = hashlib.blake2b(parts, digest_size=32, person=b"" if secret is None else b"with a secret").digest()
    return slow_hash(secret or "", salt)


def fingerprint(secret: str) -> bytes:
    """Return what stands for a secret in this process: of no use to anybody outside it, and not reversible."""
    return hmac.digest(_process_key, secret.encode(), "sha256")


def keyed_digest(parts: bytes) -> bytes:
    """Return what stands for a whole token request in this process, as `fingerprint` does for a secret."""
    return hashlib.blake2b(parts, digest_size=32, key=_process_key).digest()


def _start_over_in_child() -> None:
    # A thread that the child does not have may have held one.
    global _turns  # noqa: PLW0603 - the module's locks
    _turns = (RLock(), RLock())


after_fork_in_child(_start_over_in_child)

"""What may stand for a secret: in this process, and in a store."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from concurrent.futures import Future
from threading import BoundedSemaphore, RLock

from oauth_cc_auth._threads import after_fork_in_child

_process_key = secrets.token_bytes(32)


# Each slow hash takes 16 MiB: a thousand grants that are asked for at once must not take 16 GiB.
_hashing = BoundedSemaphore(2)


# What was computed, by the secret's fingerprint and the salt; at 200 bytes each, 800 kB.
_MOST_REMEMBERED = 4096


_remembered: OrderedDict[tuple[bytes, bytes], Future[str]] = OrderedDict()


# Taken again by a signal's handler that calls the API while its own thread holds it.
_lock = RLock()


def slow_hash(secret: str, salt: bytes) -> str:
    """Return what may stand for a secret in a store: scrypt (RFC 7914) at its usual interactive cost.

    It takes 50 ms, once in a process for the same secret and salt, however many threads ask at once.
    """
    name = (fingerprint(secret), salt)
    with _lock:
        known = _remembered.get(name)
        mine = known is None
        result: Future[str] = known or _remembered.setdefault(name, Future())
        _remembered.move_to_end(name)
        if len(_remembered) > _MOST_REMEMBERED:
            _remembered.popitem(last=False)
    if mine:
        try:
            with _hashing:
                result.set_result(hashlib.scrypt(secret.encode(), salt=salt, n=1 << 14, r=8, p=1, dklen=32).hex())
        except BaseException as error:
            with _lock:
                _remembered.pop(name, None)
            result.set_exception(error)
            raise
    return result.result()


def fingerprint(secret: str) -> bytes:
    """Return what stands for a secret in this process: of no use to anybody outside it, and not reversible."""
    return hmac.digest(_process_key, secret.encode(), "sha256")


def _start_over_in_child() -> None:
    # A thread that the child does not have may have held them, or have been computing.
    global _hashing, _lock
    _hashing, _lock = BoundedSemaphore(2), RLock()
    for name in [name for name, result in _remembered.items() if not result.done()]:
        del _remembered[name]


after_fork_in_child(_start_over_in_child)

"""`_grant/hashes.py`: what stands for a secret, computed once."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import Any

import pytest
from loopback import run_together

from oauth_cc_auth._grant import hashes
from oauth_cc_auth._grant.hashes import fingerprint, slow_hash


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return the secrets that are hashed from here on, quickly."""
    made: list[bytes] = []

    def quick(secret: bytes, *, salt: bytes, **_: Any) -> bytes:
        made.append(secret)
        if secret == b"too much":
            raise MemoryError
        return hashlib.blake2b(secret, salt=salt).digest()

    monkeypatch.setattr(hashes, "_remembered", type(hashes._remembered)())
    monkeypatch.setattr(hashlib, "scrypt", quick)
    return made


def test_one_hash_for_all_who_ask(computed: list[bytes]) -> None:
    """Sixteen threads that ask at once wait for one computation; another salt or secret is another hash."""
    hashed = run_together(*[lambda: slow_hash("a", b"salt")] * 16)
    assert len(set(hashed)) == 1
    assert computed == [b"a"]
    assert len({slow_hash("a", b"other"), slow_hash("b", b"salt"), *hashed}) == 3
    assert computed == [b"a", b"a", b"b"]


def test_what_failed_is_computed_again(computed: list[bytes]) -> None:
    """A failure reaches its caller, and nobody after it."""
    for _ in range(2):
        with pytest.raises(MemoryError):
            slow_hash("too much", b"salt")
    assert computed == [b"too much"] * 2


def test_what_is_remembered_is_bounded(computed: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash that was least recently asked for is forgotten first, and no secret is kept with any."""
    monkeypatch.setattr(hashes, "_MOST_REMEMBERED", 2)
    for secret in ("a", "b", "a", "c", "a", "b"):
        slow_hash(secret, b"salt")
    assert computed == [b"a", b"b", b"c", b"b"]
    assert set(hashes._remembered) == {(fingerprint(secret), b"salt") for secret in ("a", "b")}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_child_waits_for_nobody(computed: list[bytes]) -> None:
    """What a thread of the parent was computing is computed anew in the child; what was done is known."""
    slow_hash("done", b"salt")
    held = threading.Thread(target=lambda: [turn.acquire() for turn in hashes._turns])
    held.start()
    held.join()
    hashes._start_over_in_child()
    assert slow_hash("begun", b"salt")
    assert slow_hash("done", b"salt")
    assert computed == [b"done", b"begun"]


def test_a_signals_handler_asks_for_the_same(computed: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal's handler that needs the very hash which its own thread is computing computes it itself."""
    nested: list[str] = []

    def interrupted(secret: bytes, *, salt: bytes, **_: Any) -> bytes:
        if not nested:
            nested.append("")
            nested[0] = slow_hash("a", b"salt")
        return hashlib.blake2b(secret, salt=salt).digest()

    monkeypatch.setattr(hashlib, "scrypt", interrupted)
    assert slow_hash("a", b"salt") == nested[0]

"""`load_or_lock` of the stores of this package: the token as soon as it is there, else the lock."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from loopback import run_together

from oauth_cc_auth import EncryptedStore, FileStore, MemoryStore, Token
from oauth_cc_auth.stores import _file, _line, _memory
from oauth_cc_auth.stores._line import Pauses
from oauth_cc_auth.stores._protocol import load_or_lock_of

TOKEN, OTHER = Token("a-token", obtained_at=1.0), Token("another", obtained_at=1.0)
KEY = Fernet.generate_key()


def new(token: Token) -> bool:
    """Tell whether it is worth waiting for."""
    return token == OTHER


@pytest.fixture(params=["memory", "file", "encrypted"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A store."""
    if request.param == "memory":
        return MemoryStore()
    files = FileStore(tmp_path / "tokens")
    return files if request.param == "file" else EncryptedStore(files, KEY)


def test_a_token_or_the_lock(store: Any) -> None:
    """A usable token needs no lock, and another is as none: the context then begins with the lock, and releases it."""
    for _ in range(2):
        with store.load_or_lock("a", new) as token:
            assert token is None
    store.save("a", TOKEN)
    with store.load_or_lock("a", new) as token:
        assert token is None
    with pytest.raises(KeyError), store.load_or_lock("a", new):
        raise KeyError
    store.save("a", OTHER)
    with store.lock("a"), store.load_or_lock("a", new) as token:
        assert token == OTHER


def test_the_queue_is_left_when_the_token_is_there(store: Any) -> None:
    """All who wait get what the holder saves, while it still holds the lock."""

    def wait() -> Any:
        with store.load_or_lock("a", new) as token:
            return token

    def save() -> None:
        time.sleep(0.1)
        store.save("a", TOKEN)
        time.sleep(0.1)
        store.save("a", OTHER)

    with store.lock("a"):
        assert run_together(*[wait] * 4, save)[:4] == [OTHER] * 4


def test_the_lock_is_taken_when_it_is_free(store: Any) -> None:
    """A holder that releases it and has saved nothing is followed by one after the other."""
    inside: list[str] = []

    def renew() -> None:
        with store.load_or_lock("a", new) as token:
            assert token is None
            inside.append("in")
            time.sleep(0.02)
            inside.append("out")

    with store.lock("a"):
        crowd = [threading.Thread(target=renew) for _ in range(3)]
        for thread in crowd:
            thread.start()
        time.sleep(0.1)
    for thread in crowd:
        thread.join(20)
    assert inside == ["in", "out"] * 3


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_the_wait_ends_slowly(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the lock stays held, the first goes on at once, the others later, as `test_line` says: they are counted."""
    places: list[int] = []

    def brief(place: int) -> float:
        places.append(place)
        return 0.2 * (place - 1)

    monkeypatch.setattr(_line, "math", SimpleNamespace(log2=brief))
    monkeypatch.setattr(_memory, "LOCK_SECONDS", 0.2)
    monkeypatch.setattr(_memory, "_PAUSES", Pauses(0.02, 0.05))
    store: Any = MemoryStore() if kind == "memory" else FileStore(tmp_path / "tokens", lock_timeout=0.2)
    ended: list[float] = []

    def wait() -> None:
        began = time.monotonic()
        with pytest.raises(TimeoutError), store.load_or_lock("a", new):
            pass
        ended.append(time.monotonic() - began)

    with store.lock("a"):
        run_together(*[wait] * 3)
    assert sorted(places) == [1, 2, 3]
    first, second, third = sorted(ended)
    assert (first >= 0.2, second >= 0.4, third >= 0.6) == (True, True, True)


def test_those_of_long_ago_do_not_count(tmp_path: Path) -> None:
    """After a minute the count of those whose wait was over begins anew."""
    store = FileStore(tmp_path / "tokens")
    store.save("a", TOKEN)
    assert [store._overdue("a") for _ in range(3)] == [1, 2, 3]
    (counted,) = store.path.glob("*.overdue")
    long_ago = time.time() - _file._OVERDUE_SECONDS - 1
    os.utime(counted, (long_ago, long_ago))
    assert store._overdue("a") == 1


def test_an_entry_under_anothers_name_is_a_miss(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever may write to the folder cannot hand the token of one client to another."""
    store = FileStore(tmp_path / "tokens")
    store.save("anna", TOKEN)
    store._beside("anna", ".json").rename(store._beside("bert", ".json"))
    assert store.load("bert") is None
    assert "saved under another key" in caplog.text


def test_a_link_that_is_swapped_in_gets_no_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rights are those of the file that was opened, whatever its name leads to meanwhile."""
    store, victim = FileStore(tmp_path / "tokens"), tmp_path / "victim"
    victim.write_text("x")
    victim.chmod(0o644)
    real, swapped = os.fchmod, list[int]()

    def swap(opened: int, mode: int) -> None:
        name = store._beside("a", ".new")
        if name.exists():  # and not while a lock's file is made
            name.unlink()
            name.symlink_to(victim)
            swapped.append(opened)
        real(opened, mode)

    monkeypatch.setattr(os, "fchmod", swap)
    store.save("a", TOKEN)
    assert victim.stat().st_mode & 0o777 == 0o644
    assert len(swapped) == 1


def test_what_cannot_be_decrypted_is_warned_about_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """However often it is looked at while somebody waits."""
    files = FileStore(tmp_path / "tokens")
    files.save("a", TOKEN)
    store = EncryptedStore(files, KEY)
    looked = 0

    def count(_: Token) -> bool:
        nonlocal looked
        looked += 1
        return True

    with caplog.at_level(logging.WARNING, "oauth_cc_auth"), files.lock("a"):
        waiter = threading.Thread(target=lambda: store.load_or_lock("a", count).__enter__())
        waiter.daemon = True
        waiter.start()
        time.sleep(0.3)
        store.save("a", OTHER)
        waiter.join(20)
    assert caplog.text.count("is ignored") == 1
    assert looked == 1


def test_what_is_not_wanted_is_decrypted_once() -> None:
    """The same ciphertext is judged once, however often the inner store shows it."""
    inner, judged = MemoryStore(), list[Token]()
    store: Any = EncryptedStore(inner, KEY)
    store.save("a", TOKEN)

    def judge(token: Token) -> bool:
        judged.append(token)
        return token == OTHER

    def wait() -> Any:
        with store.load_or_lock("a", judge) as token:
            return token

    def save() -> None:
        inner.save("a", inner._tokens["a"])  # which wakes those who wait
        time.sleep(0.1)
        store.save("a", OTHER)

    with store.lock("a"):
        assert run_together(wait, save)[0] == OTHER
    assert judged[-1] == OTHER
    assert store.locks_each_key


class Four:
    """A store of a user's own, with the four methods and no attributes."""

    __slots__ = ()

    def load(self, key: str) -> Token | None:
        """Find nothing."""

    def save(self, key: str, token: Token) -> None:
        """Keep nothing."""

    def discard(self, key: str, token: Token) -> None:
        """Do nothing."""

    def lock(self, key: str) -> Any:
        """Return no lock."""


class Proxy:
    """A store that hands everything on."""

    def __init__(self, store: Any) -> None:
        """Hand on to this."""
        self._store = store

    def __getattr__(self, name: str) -> Any:
        """Hand on."""
        return getattr(self._store, name)


class Own(MemoryStore):
    """A store with a lock of its own."""

    def lock(self, key: str) -> Any:
        """Lock."""
        return super().lock(key)


class OwnBoth(Own):
    """A store with both of its own."""

    def load_or_lock(self, key: str, usable: Callable[[Token], bool]) -> Any:
        """Load or lock."""
        return super().load_or_lock(key, usable)


def test_which_stores_watch() -> None:
    """The fifth method counts where the store's own class, or one below its lock, has it."""
    cases: list[tuple[Any, bool]] = [
        (Four(), False),
        (MemoryStore(), True),
        (Proxy(MemoryStore()), True),
        (Own(), False),
        (OwnBoth(), True),
        (EncryptedStore(MemoryStore(), KEY), True),
        (EncryptedStore(Own(), KEY), False),
        (EncryptedStore(Four(), KEY), False),
    ]
    for kept, has in cases:
        assert (load_or_lock_of(kept) is not None) is has

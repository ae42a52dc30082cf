"""Tests of encryption around a store."""

from __future__ import annotations

import copy
import pickle
import runpy
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from loopback import SECRET, TOKEN, Loopback, grant_for

from oauth_cc_auth import ConfigurationError, EncryptedStore, FileStore, MemoryStore, Token, TokenSource, TokenStore
from oauth_cc_auth.stores import _encrypted

OLD, NEW, OTHER = Fernet.generate_key(), Fernet.generate_key().decode(), Fernet.generate_key()
WHOLE = Token(TOKEN, expires_at=2.5, obtained_at=1.5, scope="x", refresh_token="canary-refresh", extra={"n": [1]})


def kept(store: TokenStore, key: str) -> Token:
    """Return what the inner store holds."""
    token = store.load(key)
    assert token is not None
    return token


def test_follows_the_protocol() -> None:
    """An EncryptedStore is a TokenStore, so that it, too, can be wrapped."""
    store = EncryptedStore(EncryptedStore(MemoryStore(), OLD), NEW)
    assert isinstance(store, TokenStore)
    store.save("a", WHOLE)
    assert store.load("a") == WHOLE


def test_the_inner_store_sees_no_token() -> None:
    """In the clear is when the token was obtained, and when it expires unless a refresh token outlives it."""
    inner = MemoryStore()
    store = EncryptedStore(inner, OLD)
    assert store.load("a") is None
    store.save("a", WHOLE)
    assert store.load("a") == WHOLE
    assert kept(inner, "a") == Token(kept(inner, "a").access_token, expires_at=None, obtained_at=1.5)
    store.save("b", replace(WHOLE, refresh_token=None))
    assert kept(inner, "b") == Token(kept(inner, "b").access_token, expires_at=2.5, obtained_at=1.5)
    assert TOKEN not in kept(inner, "a").access_token


def test_no_secret_reaches_the_disk(tmp_path: Path) -> None:
    """Around a file store, no file holds the token, the refresh token or the client secret."""
    with Loopback() as server:
        for _ in range(2):
            store = EncryptedStore(FileStore(tmp_path / "tokens"), OLD)
            assert TokenSource(grant_for(server.url), store=store).token().access_token == TOKEN
    store.save("a", WHOLE)
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*.*") if file.is_file())
    assert len(written) > 500
    assert len(server.received) == 1
    for secret in (TOKEN, "canary-refresh", SECRET, OLD.decode()):
        assert secret.encode() not in written


def test_keys_rotate() -> None:
    """The first key encrypts and all decrypt: the old one goes when nothing needs it."""
    inner = MemoryStore()
    EncryptedStore(inner, OLD).save("a", WHOLE)
    both = EncryptedStore(inner, [NEW, OLD])
    assert both.load("a") == WHOLE
    both.save("a", WHOLE)
    assert EncryptedStore(inner, NEW).load("a") == WHOLE
    assert EncryptedStore(inner, (OLD,)).load("a") is None


def test_nobody_loses_a_login_while_keys_rotate() -> None:
    """The new key is added last, then put first, then the old one goes: who is a step behind reads what is written."""
    inner = MemoryStore()
    keys: list[list[str | bytes]] = [[OLD], [OLD, NEW], [NEW, OLD], [NEW]]
    steps = [EncryptedStore(inner, step) for step in keys]
    for behind, ahead in pairwise(steps):
        for writer, reader in ((ahead, behind), (behind, ahead)):
            writer.save("a", WHOLE)
            assert reader.load("a") == WHOLE


@pytest.mark.parametrize(
    "text",
    ["in-the-clear", "\N{SNOWMAN}", "\ud800", Fernet(OTHER).encrypt(b"x").decode()],
    ids=["clear", "snowman", "surrogate", "foreign"],
)
def test_what_no_key_decrypts_is_a_miss(text: str, caplog: pytest.LogCaptureFixture) -> None:
    """A token of another key, or in the clear, is ignored with a warning that quotes none of it, and stays."""
    inner = MemoryStore()
    inner.save("a", Token(text))
    store = EncryptedStore(inner, [OLD, NEW])
    assert store.load("a") is None
    store.discard("a", Token(text))
    assert kept(inner, "a").access_token == text
    assert "is ignored" in caplog.text
    assert text not in caplog.text


def test_an_entry_counts_under_its_own_key_only(caplog: pytest.LogCaptureFixture) -> None:
    """Who may write to the inner store, but has no key, cannot pass one tenant's token off as another's."""
    inner = MemoryStore()
    store = EncryptedStore(inner, OLD)
    store.save("a", WHOLE)
    inner.save("b", kept(inner, "a"))
    assert store.load("b") is None
    assert "another key" in caplog.text


def test_a_newer_format_is_a_miss(caplog: pytest.LogCaptureFixture) -> None:
    """What a newer version encrypted is left to newer versions."""
    inner = MemoryStore()
    content = b'{"version": 2, "access_token": "canary"}'
    inner.save("a", Token(Fernet(OLD).encrypt(content).decode()))
    assert EncryptedStore(inner, OLD).load("a") is None
    assert "newer" in caplog.text
    assert "canary" not in caplog.text


def test_discards_what_it_was_told_and_nothing_newer() -> None:
    """A token that somebody saved meanwhile is not thrown away."""
    inner = MemoryStore()
    store = EncryptedStore(inner, OLD)
    store.discard("a", Token("1"))
    store.save("a", Token("2"))
    store.discard("a", Token("1"))
    assert store.load("a") is not None
    store.discard("a", Token("2"))
    assert inner.load("a") is None


def test_a_discard_loses_nothing_that_is_saved_meanwhile() -> None:
    """The inner store's compare-and-delete decides: even the same token, saved again, is another entry."""

    class Busy(MemoryStore):
        def discard(self, key: str, token: Token) -> None:
            store.save(key, Token("1"))
            super().discard(key, token)

    inner = Busy()
    store = EncryptedStore(inner, OLD)
    store.save("a", Token("1"))
    store.discard("a", Token("1"))
    assert store.load("a") is not None


def test_the_lock_is_the_inner_stores() -> None:
    """Who shares the inner store shares its lock, whatever his keys are."""
    inner = MemoryStore()
    free = threading.Event()

    def enter() -> None:
        with EncryptedStore(inner, NEW).lock("a"):
            free.set()

    thread = threading.Thread(target=enter)
    with EncryptedStore(inner, OLD).lock("a"):
        thread.start()
        assert not free.wait(0.05)
    thread.join(10)
    assert free.is_set()


@pytest.mark.parametrize("travel", [lambda s: pickle.loads(pickle.dumps(s)), copy.copy, copy.deepcopy])
def test_copies_work(tmp_path: Path, travel: Callable[[EncryptedStore], EncryptedStore]) -> None:
    """Case 26: a spawned worker's copy reads what this one saved: a pickle carries the keys, and no token."""
    store = EncryptedStore(FileStore(tmp_path / "tokens"), [NEW, OLD])
    store.save("a", WHOLE)
    assert travel(store).load("a") == WHOLE
    assert TOKEN.encode() not in pickle.dumps(store)


def test_shows_no_key() -> None:
    """Case 37: the repr shows the inner store's."""
    assert repr(EncryptedStore(MemoryStore(), OLD)) == "EncryptedStore(<MemoryStore with 0 tokens>)"


def test_shows_no_password_of_another_store(caplog: pytest.LogCaptureFixture) -> None:
    """What somebody else's store says of itself may hold a password: only its class is shown, and logged."""

    class Table(MemoryStore):
        def __repr__(self) -> str:
            return f"Table('postgresql://user:{SECRET}@host')"

    inner = Table()
    inner.save("a", Token("in-the-clear"))
    store = EncryptedStore(inner, OLD)
    assert store.load("a") is None
    assert repr(store) == "EncryptedStore(Table)"
    assert "EncryptedStore(Table)" in caplog.text
    assert SECRET not in caplog.text


def test_wrong_keys_are_refused() -> None:
    """A key that is none, or no key, is refused when the store is made, naming the argument and quoting nothing."""
    cases: list[Any] = [(), None, 5, "", "canary", ["canary"], [OLD, "canary"], [None], "canary-ä" * 5]
    for keys in cases:
        with pytest.raises(ConfigurationError, match="keys") as caught:
            EncryptedStore(MemoryStore(), keys)
        assert "canary" not in f"{caught.value!r} {caught.value.__context__!r}"


def test_a_wrong_store_is_refused() -> None:
    """What is no store is refused when the store is made, naming the argument."""
    store: Any = {}
    with pytest.raises(ConfigurationError, match="store"):
        EncryptedStore(store, OLD)


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its library the store says how to get it."""
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)
    with pytest.raises(ImportError, match=r'pip install "oauth-cc-auth\[encrypted\]"'):
        runpy.run_path(_encrypted.__file__)


def test_what_was_decrypted_is_not_decrypted_again(caplog: pytest.LogCaptureFixture) -> None:
    """A waiter that looks at the same ciphertext twice decrypts it, and is warned about it, once."""
    inner = TwoLooks()
    EncryptedStore(inner, OTHER).save("a", WHOLE)
    store: Any = EncryptedStore(inner, OLD)
    with store.load_or_lock("a", lambda _: True) as token:
        assert token is None
    assert len(caplog.records) == 1


class TwoLooks(MemoryStore):
    """A store that asks twice whether what it has is usable."""

    @contextmanager
    def load_or_lock(self, key: str, usable: Callable[[Token], bool]) -> Iterator[Token | None]:
        """Look twice."""
        token = kept(self, key)
        yield token if usable(token) or usable(token) else None

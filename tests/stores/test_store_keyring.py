"""Tests of the store in the desktop's keyring, with keyrings of our own."""

from __future__ import annotations

import copy
import pickle
import runpy
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import pytest
from loopback import TOKEN, Loopback, grant_for, run_together
from timing import eventually

from oauth_cc_auth import ConfigurationError, KeyringStore, Token, TokenSource, TokenStore
from oauth_cc_auth.stores import _keyring
from oauth_cc_auth.stores._pause import Pause


class Keyring(keyring.backend.KeyringBackend):
    """A keyring in memory, which may be told to wait first, as for a user who unlocks it."""

    priority = 1

    def __init__(self) -> None:
        """Begin empty and unlocked."""
        super().__init__()  # type: ignore[no-untyped-call]  # the library has no types here
        self.entries: dict[tuple[str, str], str] = {}
        self.asked = 0
        self.unlocked = threading.Event()
        self.unlocked.set()

    def get_password(self, service: str, username: str) -> str | None:
        """Return the entry."""
        self.asked += 1
        self.unlocked.wait(20)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep the entry."""
        self.asked += 1
        self.unlocked.wait(20)
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Remove the entry, which must be there."""
        if self.entries.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError


class WinVaultKeyring(Keyring):
    """Has the name of Windows' keyring, and with it its limit."""


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyring]:
    """Put a keyring of our own in the place of the desktop's."""
    monkeypatch.setattr(_keyring, "_pause", Pause())
    before, ours = keyring.get_keyring(), Keyring()
    keyring.set_keyring(ours)
    yield ours
    ours.unlocked.set()
    keyring.set_keyring(before)


@pytest.fixture
def store(desktop: Keyring) -> KeyringStore:
    """Return a store in that keyring."""
    return KeyringStore()


def test_follows_the_protocol(store: KeyringStore) -> None:
    """A KeyringStore is a TokenStore."""
    assert isinstance(store, TokenStore)


def test_keeps_tokens_by_key_and_service(store: KeyringStore) -> None:
    """What was saved under a key is loaded under it, whole, and only by the same service."""
    whole = Token("1", expires_at=2.5, obtained_at=1.5, scope="x", refresh_token="r", extra={"n": [1]})
    assert store.load("a") is None
    store.save("a", Token("0"))
    store.save("a", whole)
    assert KeyringStore().load("a") == whole
    assert store.load("b") is None
    assert KeyringStore("another program").load("a") is None


def test_is_listed_by_service_and_key(store: KeyringStore, desktop: Keyring) -> None:
    """In the keyring's own window the user finds the entry under the service's name."""
    store.save("a", Token("1"))
    assert list(desktop.entries) == [("oauth-cc-auth", "a")]


def test_discards_what_it_was_told_and_nothing_newer(store: KeyringStore) -> None:
    """A token that somebody saved meanwhile is not thrown away."""
    store.discard("a", Token("1"))
    store.save("a", Token("2"))
    store.discard("a", Token("1"))
    assert store.load("a") is not None
    store.discard("a", Token("2"))
    assert store.load("a") is None


@pytest.mark.parametrize("content", ["", "a password", f'{{"version": 2, "access_token": "{TOKEN}"}}', "\ud800"])
def test_what_is_no_token_is_a_miss(
    store: KeyringStore, desktop: Keyring, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A foreign or newer entry is ignored with a warning that quotes none of it, and stays."""
    desktop.entries["oauth-cc-auth", "a"] = content
    assert store.load("a") is None
    assert "oauth-cc-auth" in caplog.text
    assert TOKEN not in caplog.text
    store.discard("a", Token(TOKEN))
    assert desktop.entries["oauth-cc-auth", "a"] == content


def test_one_renews_at_a_time(store: KeyringStore) -> None:
    """Under one key there is one holder of the lock; another key or service does not wait."""
    impatient = KeyringStore(lock_timeout=0.01)
    with store.lock("a"), impatient.lock("b"), KeyringStore("another", lock_timeout=0.01).lock("a"):
        store.save("a", Token("1"))
        with pytest.raises(TimeoutError, match="lock"):
            impatient.lock("a").__enter__()
    with impatient.lock("a"):
        pass


def test_a_keyring_that_waits_for_its_user_is_left_alone(
    store: KeyringStore, desktop: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A locked keyring costs a call seconds, a later one overtakes none, and once it is unlocked all is well."""
    monkeypatch.setattr(_keyring, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(_keyring, "PAUSE_SECONDS", 0.0)
    desktop.unlocked.clear()
    began_at = time.monotonic()
    with pytest.raises(TimeoutError):
        store.save("a", Token("1"))
    late = run_together(*[lambda: store.load("a")] * 3)
    assert {type(error) for error in late} == {TimeoutError}
    assert time.monotonic() - began_at < 5
    monkeypatch.setattr(_keyring, "ANSWER_SECONDS", 10)
    desktop.unlocked.set()
    store.save("a", Token("2"))
    assert getattr(store.load("a"), "access_token", None) == "2"


def test_a_later_call_does_not_queue(store: KeyringStore, desktop: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls behind one that does not come back end by themselves: no thread for each of them stays behind."""
    monkeypatch.setattr(_keyring, "ANSWER_SECONDS", 0.02)
    monkeypatch.setattr(_keyring, "PAUSE_SECONDS", 0.0)
    desktop.unlocked.clear()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            store.load("a")
    eventually(lambda: sum(thread.name == "oauth-cc-auth-keyring" for thread in threading.enumerate()) <= 1)


@pytest.fixture
def locked(store: KeyringStore, desktop: Keyring, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """Return a keyring that has let somebody wait in vain, and is unlocked now."""
    store.save("a", Token("1"))
    desktop.unlocked.clear()
    with monkeypatch.context() as impatient:
        impatient.setattr(_keyring, "ANSWER_SECONDS", 0.02)
        with pytest.raises(TimeoutError):
            store.load("a")
    desktop.unlocked.set()
    return desktop


def test_a_locked_keyring_is_waited_for_once(
    store: KeyringStore, locked: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it has let one wait it is not asked for a while, by any store; then it is in use as before."""
    real, asked, token = time.monotonic, locked.asked, Token("2", expires_at=time.time() + 60)
    operations: tuple[Callable[[], object], ...] = (
        lambda: store.load("a"),
        lambda: store.save("a", token),
        lambda: store.discard("a", token),
        lambda: KeyringStore("another program").load("b"),
    )
    for operation in operations:
        with pytest.raises(TimeoutError, match="did not answer"):
            operation()
    assert locked.asked == asked
    monkeypatch.setattr(time, "monotonic", lambda: real() + _keyring.PAUSE_SECONDS)
    assert getattr(store.load("a"), "access_token", None) == "1"


def test_a_refresh_token_is_worth_another_try(store: KeyringStore, locked: Keyring) -> None:
    """A refresh token is saved also while nothing else is, and when that works, all is well."""
    store.save("a", Token("2", expires_at=time.time() + 60, refresh_token="r"))
    assert getattr(store.load("a"), "access_token", None) == "2"


def test_a_keyring_that_fails_is_asked_again(
    store: KeyringStore, desktop: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a wait is saved: an error that comes at once leaves the next operation as it is."""

    def fail(*_: str) -> None:
        raise keyring.errors.KeyringLocked

    store.save("a", Token("1"))
    with monkeypatch.context() as failing:
        failing.setattr(desktop, "get_password", fail)
        with pytest.raises(keyring.errors.KeyringLocked):
            store.load("a")
    assert getattr(store.load("a"), "access_token", None) == "1"


def test_a_keyring_that_fails_breaks_no_call(
    store: KeyringStore, desktop: Keyring, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where there is no desktop, the keyring's own error costs a warning, and the call goes on."""

    def fail(*_: str) -> None:
        raise keyring.errors.NoKeyringError

    monkeypatch.setattr(desktop, "get_password", fail)
    monkeypatch.setattr(desktop, "set_password", fail)
    with Loopback() as server:
        assert TokenSource(grant_for(server.url), store=store).token().access_token == TOKEN
    assert "(NoKeyringError); going on without KeyringStore('oauth-cc-auth')" in caplog.text
    assert TOKEN not in caplog.text


def test_windows_keyring_is_small(store: KeyringStore) -> None:
    """A token that Windows' keyring would refuse without saying why is refused saying why."""
    keyring.set_keyring(WinVaultKeyring())
    store.save("a", Token("x" * 900))
    with pytest.raises(ValueError, match="1280") as caught:
        store.save("a", Token("y" * 1_280))
    assert "yyy" not in str(caught.value)
    assert getattr(store.load("a"), "access_token", None) == "x" * 900


@pytest.mark.parametrize("travel", [lambda s: pickle.loads(pickle.dumps(s)), copy.copy, copy.deepcopy])
def test_copies_share_the_keyring(store: KeyringStore, travel: Callable[[KeyringStore], KeyringStore]) -> None:
    """Case 26: a copy or a pickle is the same service, and carries no token."""
    store.save("a", Token(TOKEN))
    assert travel(store).load("a") == store.load("a")
    assert TOKEN.encode() not in pickle.dumps(store)


def test_shows_its_service(store: KeyringStore) -> None:
    """Case 37: the repr says under which name the tokens are, and none of them."""
    store.save("a", Token(TOKEN))
    assert repr(store) == "KeyringStore('oauth-cc-auth')"


def test_a_wrong_service_is_refused() -> None:
    """What is no name is refused when the store is made, naming the argument."""
    cases: list[Any] = ["", None, 5]
    for service in cases:
        with pytest.raises(ConfigurationError, match="service"):
            KeyringStore(service)


@pytest.mark.parametrize("library", ["keyring", "filelock"])
def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """Without its libraries the store says how to get them."""
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, "oauth_cc_auth.stores._file", raising=False)
    with pytest.raises(ImportError, match=r'pip install "oauth-cc-auth\[keyring\]"'):
        runpy.run_path(_keyring.__file__)


def test_a_keyring_that_does_not_answer_does_not_cost_the_lock(
    store: KeyringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be read is an error of the keyring, and none of the lock's: a login is renewed by one at a time."""
    with store.load_or_lock("a", lambda _: True) as token:
        assert token is None
    store.save("a", Token("a"))
    with store.load_or_lock("a", lambda _: True) as token:
        assert token is not None

    def fail(_: object, key: str) -> Token:
        raise TimeoutError("the keyring did not answer")

    monkeypatch.setattr(KeyringStore, "load", fail)
    with pytest.raises(OSError, match="did not answer") as caught, store.load_or_lock("a", lambda _: True):
        pass
    assert not isinstance(caught.value, TimeoutError)

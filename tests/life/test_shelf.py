"""`_life/shelf.py`: whatever a user's store does, a call goes on."""

from __future__ import annotations

import logging
import math
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from loopback import SECRET
from reports import Spoken

from oauth_cc_auth import FileStore, MemoryStore, Token
from oauth_cc_auth._life.shelf import Shelf

TOKEN = Token("a-token", obtained_at=1.0, expires_at=2.0)


class Failing:
    """A store of which nothing works."""

    def load(self, key: str) -> Token | None:
        """Raise."""
        raise OSError(TOKEN.access_token)

    def save(self, key: str, token: Token) -> None:
        """Raise."""
        raise OSError(token.access_token)

    def discard(self, key: str, token: Token) -> None:
        """Raise."""
        raise OSError(token.access_token)

    def lock(self, key: str) -> AbstractContextManager[object]:
        """Raise."""
        raise TimeoutError


class StuckLock(MemoryStore):
    """A store whose lock cannot be released."""

    def lock(self, key: str) -> Any:
        """Return a lock that raises when it is left."""

        class Lock:
            def __enter__(self) -> None:
                pass

            def __exit__(self, *_: object) -> None:
                raise RuntimeError

        return Lock()


def shelf_of(store: Any) -> Shelf:
    """Return one key of this store."""
    return Shelf(store, lambda: "key", Spoken())


def test_without_a_store_the_shelf_is_empty() -> None:
    """Nothing is there, nothing stays there, nothing fails, and the key, which is slow to compute, is not asked for."""

    def key() -> str:
        raise AssertionError

    shelf = Shelf(None, key)
    with shelf.locked():
        assert not shelf.save(TOKEN)
        assert shelf.load() is None
        shelf.discard(TOKEN)
    assert not shelf.failed


def test_a_store_that_works_is_used_as_it_is() -> None:
    """Load, save, discard and lock reach the store."""
    store = MemoryStore()
    shelf = shelf_of(store)
    with shelf.locked():
        assert shelf.load() is None
        assert shelf.save(TOKEN)
        assert shelf.load() == store.load("key") == TOKEN
        shelf.discard(TOKEN)
    assert store.load("key") is None


def test_a_store_that_fails_costs_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is raised, the first failure is a warning and the others are not, and none quotes the token."""
    shelf = shelf_of(Failing())
    with caplog.at_level(logging.DEBUG, "oauth_cc_auth"), shelf.locked():
        assert shelf.load() is None
        assert not shelf.save(TOKEN)
        shelf.discard(TOKEN)
    assert [record.levelname for record in caplog.records] == ["WARNING", "DEBUG", "DEBUG", "DEBUG"]
    assert "lock (TimeoutError)" in caplog.records[0].getMessage()
    assert TOKEN.access_token not in caplog.text


def test_a_lock_that_cannot_be_released_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Leaving the lock raises nothing, and what is raised inside comes out as it is."""
    with caplog.at_level(logging.WARNING, "oauth_cc_auth"):
        with shelf_of(StuckLock()).locked():
            pass
        with pytest.raises(KeyError), shelf_of(StuckLock()).locked():
            raise KeyError
    assert caplog.text.count("unlock (RuntimeError)") == 2


@pytest.mark.parametrize(
    "rubbish",
    [
        "a-token",
        {"access_token": "a-token"},
        Token(5),  # type: ignore[arg-type]  # that is the point
        Token("two\nlines"),
        Token("a", expires_at="soon"),  # type: ignore[arg-type]  # as above
        Token("a", expires_at=math.nan),
        Token("a", obtained_at=None),  # type: ignore[arg-type]  # as above
        Token("a", scope=["x"]),  # type: ignore[arg-type]  # as above
        Token("a", refresh_token=b"r"),  # type: ignore[arg-type]  # as above
    ],
)
def test_what_is_no_token_is_a_miss(rubbish: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A store that returns something else, or a token with something else in it, has returned nothing."""

    class Rubbish(MemoryStore):
        def load(self, key: str) -> Any:
            return rubbish

    with caplog.at_level(logging.WARNING, "oauth_cc_auth"):
        assert shelf_of(Rubbish()).load() is None
    assert "failed to load (TypeError)" in caplog.text


@pytest.mark.parametrize(
    ("error", "why"),
    [(PermissionError(13, "Permission denied"), "PermissionError: Permission denied"), (OSError(SECRET), "OSError")],
)
def test_the_warning_says_where(tmp_path: Path, caplog: pytest.LogCaptureFixture, error: OSError, why: str) -> None:
    """Of a store of ours the log has the place, of a stranger's the class: its repr may show tokens."""

    def fail(_: object, key: str) -> Token:
        raise error

    class Strange(MemoryStore):
        load = fail

        def __repr__(self) -> str:
            return SECRET

    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.WARNING, "oauth_cc_auth"):
        patch.setattr(FileStore, "load", fail)
        for store in (FileStore(tmp_path), Strange()):
            shelf_of(store).load()
    assert [record.message for record in caplog.records] == [
        f"as.example.com: the token store failed to load ({why}); going on without {shown}"
        for shown in (f"FileStore({str(tmp_path)!r})", "Strange")
    ]

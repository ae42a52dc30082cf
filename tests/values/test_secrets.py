"""Tests of secrets in the environment and in files, and of their rotation under load."""

from __future__ import annotations

import copy
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from loopback import SECRET, Answer, Clock, Loopback, Received, grant_for

from oauth_cc_auth import ConfigurationError, Env, File, OAuthError, TokenSource
from oauth_cc_auth._authorization_server.client_secret import secret_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a secret is mounted."""
    return tmp_path / "secret"


def test_the_environment_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 39: a secret in the environment is read when it is asked for, and again when it is asked for again."""
    secret = Env("VENDOR_SECRET")
    for value in ("first", "second"):
        monkeypatch.setenv("VENDOR_SECRET", value)
        assert secret() == value
    monkeypatch.setenv("VENDOR_SECRET", f"  {SECRET}\n")
    assert secret() == SECRET


@pytest.mark.parametrize("value", [None, "", "   ", "\n"])
def test_an_environment_without_it(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is missing or empty is named."""
    monkeypatch.delenv("VENDOR_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("VENDOR_SECRET", value)
    with pytest.raises(ConfigurationError, match="client_secret: VENDOR_SECRET is not set in the environment"):
        Env("VENDOR_SECRET")()


def test_what_is_no_variable() -> None:
    """Case 7: a name that no variable can have is refused at construction."""
    cases: list[Any] = ["", None, 5, "A=B", "A\0B", b"A"]
    for name in cases:
        with pytest.raises(ConfigurationError, match="Env: the name"):
            Env(name)


@pytest.mark.parametrize(
    "content", [SECRET, f"{SECRET}\n", f"\ufeff{SECRET}\r\n", f"\r\n {SECRET} \r\n", f"{SECRET}\n\n"]
)
def test_a_file_without_the_white_space_around_it(content: str, path: Path) -> None:
    """Kubernetes, Docker and editors end a file with a newline, or begin it with a mark: the secret is the same."""
    path.write_bytes(content.encode())
    assert File(path)() == SECRET
    path.write_text("rotated", encoding="utf-8")
    assert File(path)() == "rotated"


def test_a_file_by_its_link(path: Path, tmp_path: Path) -> None:
    """Kubernetes rotates by exchanging a link: what it leads to is read each time."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(name, encoding="utf-8")
        (tmp_path / "link").symlink_to(tmp_path / name)
        (tmp_path / "link").replace(path)
        assert File(path)() == name


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: None, r"cannot be read \(FileNotFoundError\)"),
        (lambda path: path.mkdir(), r"cannot be read \(IsADirectoryError\)"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b" \n\n"), "is empty"),
        (lambda path: path.write_bytes(SECRET.encode() + b"\xff"), "is not text in UTF-8"),
        (lambda path: path.write_bytes(b"\xef\xbb\xbf\n"), "is empty"),
        (lambda path: path.write_bytes(b"x" * (1 << 20) + b"x"), "is longer than 1 MiB"),
        (lambda path: path.symlink_to(path), r"cannot be read \((OSError|RuntimeError)\)"),
    ],
)
def test_a_file_that_gives_nothing(make: Callable[[Path], object], said: str, path: Path) -> None:
    """A file that cannot be read is named with the reason, and what it holds is nowhere in the error."""
    make(path)
    with pytest.raises(ConfigurationError, match=said) as caught:
        File(path)()
    assert str(path) in str(caught.value)
    shown = f"{caught.value!r} {caught.value.__cause__!r} {vars(caught.value)}"
    assert SECRET not in shown
    for behind in (caught.value.__cause__, caught.value.__context__):
        assert not isinstance(behind, UnicodeError)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in directories")
def test_a_named_pipe(path: Path) -> None:
    """A named pipe keeps nobody waiting: neither for who writes into it, nor for what is written."""
    os.mkfifo(path)
    with pytest.raises(ConfigurationError, match="is empty"):
        File(path)()
    with path.open("r+b", buffering=0) as writer:
        with pytest.raises(ConfigurationError, match="is empty"):
            File(path)()
        writer.write(SECRET.encode())
        assert File(path)() == SECRET


def test_a_file_that_is_as_long_as_can_be(path: Path) -> None:
    """A file of 1 MiB is read whole, and one of any size no further."""
    path.write_bytes(b"x" * (1 << 20))
    assert File(path)() == "x" * (1 << 20)
    os.truncate(path, 1 << 40)
    with pytest.raises(ConfigurationError, match="is longer than 1 MiB"):
        File(path)()


def test_what_is_no_path() -> None:
    """Case 7: what cannot be a path is refused at construction."""
    cases: list[Any] = ["", None, 5, b"x", "a\0b"]
    for path in cases:
        with pytest.raises(ConfigurationError, match="File: the path"):
            File(path)


class AsBytes:
    """A path of bytes."""

    def __fspath__(self) -> bytes:
        """Return it."""
        return b"/secret"


def test_a_path_of_bytes_is_refused() -> None:
    """Case 7: a path is text, so that equal ones are equal."""
    with pytest.raises(ConfigurationError, match="File: the path"):
        File(AsBytes())  # type: ignore[arg-type]  # that it is refused is the point


def test_they_are_values(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal ones are equal, hash alike, copy and pickle; they show where the secret is and never the secret."""
    monkeypatch.setenv("VENDOR_SECRET", SECRET)
    path.write_text(SECRET, encoding="utf-8")
    assert File(path) == File(str(path))
    assert Env("A") != Env("B")
    assert {Env(str(path)), File(path)} == {File(path), Env(str(path))}
    for secret in (Env("VENDOR_SECRET"), File(path)):
        back = pickle.loads(pickle.dumps(secret))
        assert back == secret == copy.deepcopy(secret)
        assert hash(back) == hash(secret)
        assert secret() == back() == SECRET
        assert SECRET.encode() not in pickle.dumps(secret)
        assert SECRET not in repr(secret)
    assert "VENDOR_SECRET" in repr(Env("VENDOR_SECRET"))
    with pytest.raises(AttributeError):
        Env("A").name = "B"  # type: ignore[misc]  # that it is frozen is the point


def test_a_grant_names_what_is_missing(path: Path) -> None:
    """Where a token is asked for, the error names the variable or the file, not only that a callable failed."""
    for secret, name in ((Env("VENDOR_SECRET"), "VENDOR_SECRET"), (File(path), str(path))):
        with pytest.raises(ConfigurationError) as caught:
            secret_of(grant_for(client_secret=secret))
        assert name in str(caught.value)


def test_an_environment_that_is_not_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is not UTF-8 cannot be sent, and says so as a ConfigurationError."""
    monkeypatch.setitem(os.environ, "VENDOR_SECRET", "a\udcff")
    with pytest.raises(ConfigurationError, match="client_secret"):
        secret_of(grant_for(client_secret=Env("VENDOR_SECRET")))


class Rotating:
    """A token endpoint whose secret changes: in the same moment the new one is mounted and the old one is dead."""

    def __init__(self, mount: Callable[[str], None]) -> None:
        """Begin with the first secret."""
        self._lock, self._mount = threading.Lock(), mount
        self.number = self.refused = self.issued = 0
        self._again = False
        self._rotate()

    @property
    def secret(self) -> str:
        """The one that is right."""
        return f"secret-{self.number}"

    def _rotate(self) -> None:
        self.number += 1
        self._mount(self.secret)

    def __call__(self, received: Received) -> Answer:
        """Issue a token for a second to who knows the secret."""
        given = parse_qs(received.body.decode())["client_secret"]
        with self._lock:
            # While every second request was on its way, its secret died.
            self._again = not self._again
            if self._again:
                self._rotate()
        with self._lock:
            if given != [self.secret]:
                self.refused += 1
                return Answer(401, {"error": "invalid_client"})
            self.issued += 1
            return Answer(body={"access_token": f"t-{self.issued}", "expires_in": 1})


@pytest.fixture(params=["Env", "File"])
def mounted(
    request: pytest.FixtureRequest, path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Any, Callable[[str], None]]]:
    """Return a secret, and what exchanges it."""
    if request.param == "Env":
        yield Env("VENDOR_SECRET"), lambda value: monkeypatch.setenv("VENDOR_SECRET", value)
        return

    def replace(value: str) -> None:
        fresh = path.with_suffix(".new")
        fresh.write_text(f"{value}\n", encoding="utf-8")
        fresh.replace(path)

    yield File(path), replace


@pytest.mark.endurance
def test_rotation_under_load(mounted: tuple[Any, Callable[[str], None]]) -> None:
    """Case 39: 32 threads, tokens of a second, and a secret that is exchanged again and again: no call fails."""
    secret, mount = mounted
    endpoint = Rotating(mount)
    failures: list[BaseException] = []
    until = time.monotonic() + 4.0
    with Loopback(endpoint) as server:
        source = TokenSource(
            grant_for(f"{server.url}/token", client_secret=secret, token_endpoint_auth_method="client_secret_post")
        )

        def call() -> None:
            while time.monotonic() < until:
                try:
                    assert source.token().access_token.startswith("t-")
                except (OAuthError, AssertionError) as failure:
                    failures.append(failure)
                time.sleep(0.005)

        threads = [threading.Thread(target=call, daemon=True) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert failures == []
    assert 3 <= endpoint.refused == endpoint.issued <= 6
    assert endpoint.number == endpoint.refused + 1
    assert len(server.received) == endpoint.issued + endpoint.refused


def test_a_rotated_secret_is_found_on_the_first_call(path: Path) -> None:
    """Case 39: the old secret is sent once and refused, the new one is read and taken; nobody notices."""
    path.write_text("old", encoding="utf-8")
    clock = Clock()
    with Loopback(
        Answer(body={"access_token": "one", "expires_in": 60}),
        Answer(401, {"error": "invalid_client"}),
        Answer(body={"access_token": "two", "expires_in": 60}),
    ) as server:
        source = TokenSource(grant_for(f"{server.url}/token", client_secret=File(path)), clock=clock)
        assert source.token().access_token == "one"
        clock.now += 61
        original = File.__call__
        reads: list[str] = []

        def read(self: File) -> str:
            reads.append(original(self))
            path.write_text("new", encoding="utf-8")
            return reads[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(File, "__call__", read)
            assert source.token().access_token == "two"
        assert reads == ["old", "new"]
        assert len(server.received) == 3

"""Tests of the store in files: alone, with hostile files, and with many processes that are real, and killed."""

from __future__ import annotations

import copy
import json
import multiprocessing
import os
import pickle
import random
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs
import pytest
import requests
from loopback import SECRET, TOKEN, Loopback, grant_for, run_together

from oauth_cc_auth import (
    ClientCredentials,
    ConfigurationError,
    FileStore,
    RequestsAuth,
    ResourceServer,
    Token,
    TokenSource,
    TokenStore,
    stores,
)
from oauth_cc_auth._life.key import store_key
from oauth_cc_auth.sandbox import Sandbox
from oauth_cc_auth.stores import _file, _format, _replacing

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    """Return a store in a folder that does not exist yet."""
    return FileStore(tmp_path / "cache" / "tokens")


def file_of(store: FileStore) -> Path:
    """Return the one file that holds a token."""
    (file,) = store.path.glob("*.json")
    return file


def rights(path: Path) -> int:
    """Return who may do what with it."""
    return path.stat().st_mode & 0o777


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Change what new files are not allowed."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


# Keeping tokens


def test_follows_the_protocol(store: FileStore) -> None:
    """A FileStore is a TokenStore."""
    assert isinstance(store, TokenStore)


def test_keeps_tokens_by_key(store: FileStore) -> None:
    """What was saved under a key is loaded under it by every store of the folder, whole, and the last one wins."""
    assert store.load("a") is None
    whole = Token("3", expires_at=2.5, obtained_at=1.5, scope="x", refresh_token="r", extra={"n": [1]})
    store.save("a", Token("1"))
    store.save("b", Token("2"))
    store.save("a", whole)
    other = FileStore(str(store.path))
    assert other.load("a") == whole
    assert getattr(other.load("b"), "access_token", None) == "2"
    assert other.load("c") is None


def test_discards_what_it_was_told_and_nothing_newer(store: FileStore) -> None:
    """A token that somebody saved meanwhile is not thrown away."""
    store.discard("a", Token("1"))
    store.save("a", Token("2"))
    store.discard("a", Token("1"))
    assert store.load("a") is not None
    store.discard("a", Token("2"))
    assert store.load("a") is None


def test_a_replace_that_windows_refuses_is_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Windows replaces no file that somebody reads: it is tried again, and in the end an error, as before."""
    monkeypatch.setattr(_replacing, "POSIX", False)
    monkeypatch.setattr(_replacing, "_PAUSES", (0.0, 0.0))
    refusals, really = [PermissionError(13, "in use"), PermissionError(13, "in use")], Path.replace

    def refused(new: Path, file: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return really(new, file)

    monkeypatch.setattr(Path, "replace", refused)
    file = tmp_path / "a.json"
    _replacing.replace(file, b"new")
    assert file.read_bytes() == b"new"
    refusals += [PermissionError(13, "in use")] * 3
    with pytest.raises(PermissionError):
        _replacing.replace(file, b"newer")
    assert file.read_bytes() == b"new"
    assert not file.with_suffix(".new").exists()


def test_a_discard_waits_for_a_save(store: FileStore) -> None:
    """To compare and to delete is one step: what is saved in between is not lost."""
    store.save("a", Token("old"))
    with store.writing("a"):
        thread = threading.Thread(target=store.discard, args=("a", Token("old")))
        thread.start()
        _replacing.replace(file_of(store), _format.dump(Token("new"), "a"))
    thread.join(10)
    assert getattr(store.load("a"), "access_token", None) == "new"


@pytest.mark.parametrize("key", ["../../evil", "/etc/evil", "a/b", "..", "", "x" * 5_000, "a\0b", "\ud800", "CON", "ä"])
def test_no_key_leads_out_of_the_folder(store: FileStore, tmp_path: Path, key: str) -> None:
    """Any text is a key, and its file is in the folder, whose name for it holds nothing of it."""
    store.save(key, Token("1"))
    with store.lock(key):
        assert store.load(key) is not None
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert {path.parent for path in tmp_path.rglob("*.*")} == {store.path}
    assert store.load(key.upper() + "x") is None


def test_the_default_folder_is_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a path the tokens are in the cache folder of the user, wherever the system has it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    store = FileStore()
    assert store.path == platformdirs.user_cache_path("oauth-cc-auth", appauthor=False)
    store.save("a", Token("1"))
    assert store.load("a") is not None


def test_a_path_is_what_it_was_at_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A relative path does not move with the working directory, and ~ is the home."""
    monkeypatch.chdir(tmp_path)
    store = FileStore("tokens")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert store.path == tmp_path / "tokens"
    assert FileStore("~/tokens").path == tmp_path / "tokens"


@pytest.mark.parametrize("travel", [lambda s: pickle.loads(pickle.dumps(s)), copy.copy, copy.deepcopy])
def test_copies_share_the_folder(store: FileStore, travel: Callable[[FileStore], FileStore]) -> None:
    """Case 26: a copy or a pickle is the same folder, and carries no token."""
    store.save("a", Token(TOKEN))
    assert travel(store).load("a") == store.load("a")
    assert TOKEN.encode() not in pickle.dumps(store)


def test_shows_its_folder(store: FileStore) -> None:
    """Case 37: the repr says where the tokens are, and none of them."""
    store.save("a", Token(TOKEN))
    assert repr(store) == f"FileStore({str(store.path)!r})"


def test_a_wrong_path_is_refused() -> None:
    """What cannot be a folder is refused when the store is made, naming the argument."""
    cases: list[Any] = [5, b"bytes", "", "~nobody-has-this-name/x"]
    for path in cases:
        with pytest.raises(ConfigurationError, match="path"):
            FileStore(path)


@pytest.mark.skipif(os.name != "posix", reason="only here a user can be without a home")
def test_a_user_without_a_home_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there is no place for a cache, as in a container, the error names the cures, and each of them is one."""

    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", nobody)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    with pytest.raises(ConfigurationError, match=r"no home folder .* HOME or XDG_CACHE_HOME, .* FileStore\(path\)"):
        FileStore()
    assert FileStore(tmp_path).path == tmp_path
    for name in ("HOME", "XDG_CACHE_HOME"):
        with monkeypatch.context() as cure:
            cure.setenv(name, str(tmp_path))
            assert tmp_path in FileStore().path.parents


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), True, "5", None])
def test_a_wrong_timeout_is_refused(tmp_path: Path, seconds: Any) -> None:
    """A lock is waited for during a number of seconds above 0."""
    with pytest.raises(ConfigurationError, match="lock_timeout"):
        FileStore(tmp_path, lock_timeout=seconds)


# Rights


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
@pytest.mark.requirement("6749-confidential-tokens")
def test_only_this_user_may_read(store: FileStore, tmp_path: Path, mask: int) -> None:
    """Case 38: whatever the umask, files are 0600, and folders that had to be made 0700."""
    with umask(mask):
        store.save("a", Token("1"))
        with store.lock("a"):
            pass
    assert {rights(file) for file in store.path.iterdir()} == {0o600}
    assert len(list(store.path.iterdir())) == 3
    assert (rights(store.path), rights(tmp_path / "cache")) == (0o700, 0o700)


def test_a_folder_that_exists_keeps_its_rights(tmp_path: Path) -> None:
    """A folder that the user made is used as it is; the files in it are private all the same."""
    tmp_path.chmod(0o755)
    store = FileStore(tmp_path)
    store.save("a", Token("1"))
    assert (rights(tmp_path), rights(file_of(store))) == (0o755, 0o600)


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o702])
def test_a_folder_where_everybody_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    """A folder like /tmp is refused when the store is made; a folder in it is made private."""
    tmp_path.chmod(mode)
    with pytest.raises(ConfigurationError, match="everybody may write"):
        FileStore(tmp_path)
    store = FileStore(tmp_path / "mine")
    store.save("a", Token("1"))
    assert rights(store.path) == 0o700


def test_a_folder_that_was_opened_to_everybody_is_not_used(store: FileStore, caplog: pytest.LogCaptureFixture) -> None:
    """A folder that became writable for everybody later gives no token and takes none."""
    store.save("a", Token("1"))
    store.path.chmod(0o777)
    assert store.load("a") is None
    assert "everybody may write" in caplog.text
    with pytest.raises(ConfigurationError):
        store.save("a", Token("2"))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A path to a file is refused when the store is made; what lies below a file fails when it is used."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="not a folder"):
        FileStore(tmp_path / "file")
    with pytest.raises(OSError, match="file"):
        FileStore(tmp_path / "file" / "folder").save("a", Token("1"))


def test_windows_has_no_modes(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no modes and no O_NOFOLLOW, the store works, and a symbolic link is still refused."""
    for module in (_file, _replacing):
        monkeypatch.setattr(module, "POSIX", False)
    monkeypatch.setattr(_replacing, "_FLAGS", 0)
    store.save("a", Token("1"))
    store.path.chmod(0o777)
    file_of(store).chmod(0o666)
    assert store.load("a") is not None
    file = file_of(store)
    file.rename(file.with_suffix(".moved"))
    file.symlink_to(file.with_suffix(".moved"))
    assert store.load("a") is None


# Files that are not what they should be


def linked(file: Path) -> None:
    """Put a symbolic link to a good token in the file's place."""
    file.rename(file.with_suffix(".moved"))
    file.symlink_to(file.with_suffix(".moved"))


def piped(file: Path) -> None:
    """Put a pipe in the file's place, whose other end nobody opens."""
    file.unlink()
    os.mkfifo(file)


SPOILED: dict[str, Callable[[Path], object]] = {
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-9]),
    "empty": lambda file: file.write_bytes(b""),
    "foreign": lambda file: file.write_text(f'["{TOKEN}"]'),
    "newer": lambda file: file.write_text(json.dumps({**json.loads(file.read_text()), "version": 2})),
    "huge": lambda file: file.write_bytes(b'{"version": "' + b"x" * _file._MOST_BYTES + b'"}'),
    "symlink": linked,
    "pipe": piped,
    "writable": lambda file: file.chmod(0o620),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_what_is_no_token_of_ours_is_a_miss(
    store: FileStore, spoil: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    """Case 38: it is ignored with a warning that quotes none of it, no reader removes it, and a save replaces it."""
    store.save("a", Token(TOKEN))
    file = file_of(store)
    spoil(file)
    assert store.load("a") is None
    assert str(file) in caplog.text
    assert TOKEN not in caplog.text
    store.discard("a", Token(TOKEN))
    assert file.is_symlink() or file.exists()
    store.save("a", Token("new"))
    assert getattr(store.load("a"), "access_token", None) == "new"
    assert not file.is_symlink()


def test_somebody_elses_file_is_a_miss(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that another user put there is not ours."""
    store.save("a", Token("1"))
    someone = file_of(store).stat().st_uid + 1
    monkeypatch.setattr(os, "geteuid", lambda: someone)
    assert store.load("a") is None


def test_a_link_is_not_followed_by_a_race(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A symbolic link that appears between the look and the opening is not followed either."""
    store.save("a", Token("1"))
    linked(file_of(store))
    monkeypatch.setattr(Path, "is_symlink", lambda _: False)
    with pytest.raises(OSError, match="symbolic"):
        store.load("a")


def test_a_write_follows_no_link(store: FileStore, tmp_path: Path) -> None:
    """Case 38: neither the file nor what is written before it nor the locks lead anywhere else."""
    store.save("a", Token("1"))
    victim = tmp_path / "victim"
    victim.write_text("precious")
    file = file_of(store)
    file.unlink()
    for path in (file, file.with_suffix(".new")):
        path.symlink_to(victim)
    store.save("a", Token("2"))
    assert store.load("a") is not None
    for suffix in (".lock", ".write.lock"):
        file.with_suffix(suffix).unlink(missing_ok=True)
        file.with_suffix(suffix).symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        store.lock("a").__enter__()
    with pytest.raises(OSError, match="symbolic"):
        store.save("a", Token("3"))
    assert victim.read_text() == "precious"


def test_a_folder_in_the_files_place_is_an_error(store: FileStore) -> None:
    """What the store cannot put right is raised, for the core to warn about, and leaves nothing behind."""
    store.save("a", Token("1"))
    file = file_of(store)
    file.unlink()
    file.mkdir()
    with pytest.raises(OSError, match="directory"):
        store.load("a")
    with pytest.raises(OSError, match="directory"):
        store.save("a", Token("2"))
    assert not list(store.path.glob("*.new"))


def test_a_full_disk_leaves_the_old_content(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A save that fails half-way changes nothing and leaves no half behind."""
    store.save("a", Token("1"))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            store.save("a", Token("2"))
    assert getattr(store.load("a"), "access_token", None) == "1"
    assert not list(store.path.glob("*.new"))


def test_a_save_is_on_the_disk(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is synced before it gets its name, and the folder after, also when a token is removed."""
    store.save("a", Token("1"))
    synced: list[tuple[bool, bool]] = []

    def fsync(descriptor: int) -> None:
        is_folder = Path(f"/dev/fd/{descriptor}").is_dir()
        synced.append((is_folder, bool(list(store.path.glob("*.new")))))

    monkeypatch.setattr(os, "fsync", fsync)
    store.save("a", Token("2"))
    assert synced == [(False, True), (True, False)]
    store.discard("a", Token("2"))
    assert synced[2:] == [(True, False)]


def test_a_folder_that_cannot_be_synced_is_no_failure(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a folder cannot be opened or synced, the content is safe, and the save succeeds."""
    real = os.open

    def as_windows(path: Any, flags: int, mode: int = 0o777) -> int:
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied")
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", as_windows)
    store.save("a", Token("1"))
    assert store.load("a") is not None


def test_two_make_the_folder(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes that begin together both find a folder."""
    store.save("a", Token("1"))
    seen = iter([False, True])
    monkeypatch.setattr(Path, "exists", lambda _: next(seen, True))
    store.save("a", Token("2"))
    assert getattr(store.load("a"), "access_token", None) == "2"


# Locks


@pytest.mark.parametrize("shared", [True, False])
def test_one_renews_at_a_time(store: FileStore, shared: bool) -> None:
    """Under one key there is one holder of the lock, whether threads share the store or only its folder."""
    inside: list[int] = []
    most: list[int] = []

    def enter() -> None:
        mine = store if shared else FileStore(store.path)
        with mine.lock("a"):
            inside.append(1)
            most.append(len(inside))
            mine.save("a", Token("1"))
            inside.pop()

    assert run_together(*[enter] * 8) == [None] * 8
    assert most == [1] * 8


def test_keys_do_not_wait_for_each_other(store: FileStore) -> None:
    """Case 18: a slow renewal under one key holds no other key up, and its own save goes through."""
    with store.lock("a"), store.lock("b"):
        store.save("a", Token("1"))
        store.save("b", Token("2"))
    assert store.load("a") is not None


def test_the_lock_gives_up_by_itself(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is stuck behind somebody else gets a TimeoutError, and so does a save behind another save."""
    monkeypatch.setattr(_file, "WRITE_SECONDS", 0.01)
    impatient = FileStore(store.path, lock_timeout=0.01)
    with store.lock("a"), store.writing("a"):
        with pytest.raises(TimeoutError, match="holds this key's lock"):
            impatient.lock("a").__enter__()
        with pytest.raises(TimeoutError, match=r"write\.lock"):
            impatient.save("a", Token("1"))
    with impatient.lock("a"):
        impatient.save("a", Token("1"))


def test_the_lock_is_given_back_after_a_failure(store: FileStore) -> None:
    """An exception inside does not lock everybody out."""
    with pytest.raises(KeyError), store.lock("a"):
        raise KeyError
    with FileStore(store.path, lock_timeout=0.01).lock("a"):
        pass


def test_a_lock_that_nobody_gives_back_breaks_no_call(store: FileStore, caplog: pytest.LogCaptureFixture) -> None:
    """A process that is stuck in a renewal costs the others a pause and a warning, not their call."""
    with Loopback() as server, store.lock(store_key(grant_for(server.url), SECRET)):
        source = TokenSource(grant_for(server.url), store=FileStore(store.path, lock_timeout=0.05))
        assert source.token().access_token == TOKEN
    assert "failed to lock (TimeoutError)" in caplog.text


# Libraries


@pytest.mark.parametrize("library", ["filelock", "platformdirs"])
def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """Without its libraries the store says how to get them."""
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=r'pip install "oauth-cc-auth\[file\]"'):
        runpy.run_path(_file.__file__)


def test_who_keeps_tokens_in_memory_needs_no_library() -> None:
    """What only some stores need is imported when one of them is first used."""
    code = (
        "import sys; from oauth_cc_auth import stores; from oauth_cc_auth.stores import MemoryStore, TokenStore\n"
        "assert not {'filelock', 'platformdirs', 'keyring', 'cryptography', 'redis'} & set(sys.modules)\n"
        "from oauth_cc_auth import FileStore; assert FileStore is stores.FileStore\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own


def test_an_unknown_store_is_an_attribute_error() -> None:
    """A name that is no store is answered as by any module."""
    with pytest.raises(AttributeError, match="NoStore"):
        _ = stores.NoStore
    assert stores.FileStore is FileStore


# Processes


def numbered(n: int) -> Token:
    """Return a token of which no part fits to another number's."""
    return Token(str(n), obtained_at=n, refresh_token=f"r{n}", extra={"pages": [n] * 2_000})


def kill_writers(folder: str, kills: int) -> None:
    """Kill writers at random moments; what a killed one leaves is its last save that returned, or the next one."""
    store, last = FileStore(folder), 0
    store.save("a", numbered(0))
    for _ in range(kills):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            n = last
            while True:
                n += 1
                store.save("a", numbered(n))
                os.write(writing, n.to_bytes(8, "big"))
        os.close(writing)
        time.sleep(random.uniform(0, 0.02))  # noqa: S311 - no secret
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reading, "rb") as pipe:
            said = int.from_bytes(pipe.read()[-8:] or last.to_bytes(8, "big"), "big")
        kept = store.load("a")
        assert kept is not None
        last = int(kept.access_token)
        assert kept == numbered(last)
        assert last in {said, said + 1}, (last, said)
        assert len(list(Path(folder).iterdir())) <= 3


def die_with_the_lock(folder: str) -> None:
    """Take the lock and die, as after kill -9."""
    with FileStore(folder).lock("a"):
        os.kill(os.getpid(), signal.SIGKILL)


def live_shortly(folder: str, token_endpoint: str, lives: int) -> None:
    """Let so many processes use the token, one after the other, each as if it were the first here."""
    __import__("oauth_cc_auth._life.renewal")
    # Without a secret, because to hash one takes each process 50 ms.
    grant = ClientCredentials(token_endpoint=token_endpoint, client_id="client", token_endpoint_auth_method="none")
    for _ in range(lives):
        child = os.fork()
        if not child:
            try:
                os._exit(0 if TokenSource(grant, store=FileStore(folder)).token().access_token == TOKEN else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0


def crowd(folder: str, token_endpoint: str, api: str, processes: int, threads: int) -> None:
    """Let processes of many threads call the API all at once, whenever a line comes that says how late it is."""
    fork = multiprocessing.get_context("fork")
    offset, start, end = fork.Value("d", 0.0), fork.Barrier(processes + 1), fork.Barrier(processes + 1)
    answers = fork.SimpleQueue()

    def run() -> None:
        grant = ClientCredentials(
            token_endpoint=token_endpoint, client_id="client", client_secret="s", resource_server=ResourceServer(api)
        )
        source = TokenSource(grant, store=FileStore(folder), clock=lambda: time.time() + offset.value)
        with requests.Session() as session:
            session.auth = RequestsAuth(source)
            session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=threads))
            while True:
                start.wait()
                seen = run_together(*[lambda: session.get(f"{api}/x", timeout=30).status_code] * threads)
                answers.put([str(one) for one in seen])
                end.wait()

    for _ in range(processes):
        fork.Process(target=run, daemon=True).start()
    for line in sys.stdin:
        offset.value = float(line)
        start.wait()
        seen = [answers.get() for _ in range(processes)]
        end.wait()
        print(json.dumps(sum(seen, [])), flush=True)  # noqa: T201, RUF017 - what the test reads


@contextmanager
def playing(part: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a function of this file in a fresh process, from which forking is safe: it has one thread."""
    code = f"import test_store_file as t; t.{part}(*{arguments!r})"
    command = [sys.executable, "-c", code]
    here = Path(__file__).parent
    env = {**os.environ, "PYTHONPATH": str(here.parent / "support")}
    with subprocess.Popen(  # noqa: S603 - our own
        command, cwd=here, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


@needs_fork
@pytest.mark.parametrize("kills", [6, pytest.param(60, marks=pytest.mark.endurance)])
def test_a_killed_writer_leaves_the_old_or_the_new(store: FileStore, kills: int) -> None:
    """Case 38: kill -9 at any moment; what a save returned for is kept, what is kept is whole, nothing piles up."""
    with playing("kill_writers", str(store.path), kills) as process:
        assert process.wait() == 0


@needs_fork
def test_a_killed_holder_locks_nobody_out(store: FileStore) -> None:
    """The lock of a process that died is free at once."""
    with playing("die_with_the_lock", str(store.path)) as process:
        assert process.wait() == -signal.SIGKILL
    with FileStore(store.path, lock_timeout=0.05).lock("a"):
        pass


@needs_fork
@pytest.mark.parametrize("lives", [10, pytest.param(200, marks=pytest.mark.endurance)])
def test_short_processes_make_one_token_request(store: FileStore, lives: int) -> None:
    """A script that runs every minute asks for a token once an hour, not once a minute."""
    with Loopback() as server, playing("live_shortly", str(store.path), server.url, lives) as process:
        assert process.wait() == 0
    assert len(server.received) == 1


@needs_fork
@pytest.mark.parametrize(("processes", "threads"), [(2, 8), pytest.param(8, 16, marks=pytest.mark.endurance)])
def test_processes_share_one_token(store: FileStore, processes: int, threads: int) -> None:
    """Processes of many threads make one token request: cold, when it expired, and again after a revocation."""
    offset = 0.0
    with Sandbox(clock=lambda: time.time() + offset) as sandbox:
        sandbox.lifetime = 60.0
        grant = sandbox.grant(
            ClientCredentials(
                token_endpoint="https://as.example.com/token",
                client_id="client",
                client_secret="s",
                resource_server=ResourceServer("https://api.example.com"),
            )
        )
        api = sandbox.origin("https://api.example.com")
        with playing("crowd", str(store.path), grant.token_endpoint, api, processes, threads) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for what, later, requested in (("cold", 0.0, 1), ("expired", 90.0, 2), ("revoked", 90.0, 3)):
                offset = later
                if what == "revoked":
                    sandbox.revoke_all()
                print(later, file=process.stdin, flush=True)
                assert json.loads(process.stdout.readline()) == ["200"] * processes * threads, what
                assert sandbox.token_requests == requested, what
            process.stdin.close()
            assert process.wait() == 0

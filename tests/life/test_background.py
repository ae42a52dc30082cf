"""Tests of the threads that may be left behind."""

from __future__ import annotations

import os
import runpy
import sys
import threading
import time
from typing import NoReturn

import pytest

from oauth_cc_auth import _threads
from oauth_cc_auth._threads import started, unforked, within


def no_thread(*_: object, **__: object) -> NoReturn:
    """Behave as Thread does while the interpreter exits."""
    message = "can't start new thread at interpreter shutdown"
    raise RuntimeError(message)


def test_starts_a_daemon() -> None:
    """The work runs in a daemon thread of the name given: it never keeps a program from exiting."""
    seen: list[threading.Thread] = []
    done = threading.Event()

    def work() -> None:
        seen.append(threading.current_thread())
        done.set()

    assert started(work, "a-name")
    assert done.wait(10)
    assert seen[0].daemon
    assert seen[0].name == "a-name"
    assert seen[0] is not threading.current_thread()


def test_says_when_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the interpreter starts none any more, the caller is told, and nothing ran."""
    monkeypatch.setattr(_threads, "Thread", no_thread)
    assert not started(pytest.fail, "a-name")


def test_returns_the_result() -> None:
    """Work that is done in time returns what it returns, from another thread."""
    assert within(10, threading.get_ident, "a-name") != threading.get_ident()


@pytest.mark.parametrize("error", [KeyError("x"), KeyboardInterrupt(), SystemExit(3)])
def test_raises_what_the_work_raises(error: BaseException) -> None:
    """An exception of the work is raised here, whatever it is."""

    def work() -> NoReturn:
        raise error

    with pytest.raises(type(error)) as caught:
        within(10, work, "a-name")
    assert caught.value is error


def test_leaves_behind_what_takes_too_long() -> None:
    """After the time is over the caller goes on with a TimeoutError; the work ends when it ends."""
    release, left = threading.Event(), threading.Event()

    def work() -> None:
        release.wait(10)
        left.set()

    start = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.02, work, "a-name")
    assert time.monotonic() - start < 5
    release.set()
    assert left.wait(10)


def test_what_stood_still_gets_as_long_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer that came while the process was stopped is taken; one that never comes is left behind."""
    real = time.monotonic
    jumps = iter([0.0])
    monkeypatch.setattr(time, "monotonic", lambda: real() + next(jumps, 3600.0))
    slow = threading.Event()
    assert not within(0.2, lambda: slow.wait(0.3), "a-name")
    jumps = iter([0.0])
    with pytest.raises(TimeoutError):
        within(0.02, lambda: slow.wait(5), "a-name")
    slow.set()


def test_an_interpreter_that_exits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the main thread has ended, no thread is started any more."""
    assert not _threads.exiting()
    monkeypatch.setattr(_threads, "main_thread", threading.Thread)
    assert _threads.exiting()


def test_starts_no_thread_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the interpreter is taken apart, a thread that is started before Python 3.12 keeps its starter for ever."""
    monkeypatch.setattr(sys, "is_finalizing", lambda: True)
    assert within(0.001, threading.get_ident, "a-name") == threading.get_ident()


def test_works_inline_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """At interpreter exit the work runs here, for as long as it takes."""
    monkeypatch.setattr(_threads, "Thread", no_thread)
    assert within(0.001, threading.get_ident, "a-name") == threading.get_ident()


def test_no_fork_happens_during_an_import() -> None:
    """Case 26: a fork waits for an import to end, for a child would keep the module half imported for good."""
    entered, release, forked = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        with unforked():
            entered.set()
            assert release.wait(10)

    def fork() -> None:
        _threads._before_fork()
        forked.set()
        _threads._after_fork_in_parent()

    threads = [threading.Thread(target=work), threading.Thread(target=fork)]
    threads[0].start()
    assert entered.wait(10)
    threads[1].start()
    assert not forked.wait(0.05)
    release.set()
    assert forked.wait(10)
    for thread in threads:
        thread.join(10)


def test_a_fork_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 26: who forks while the import waits for them gets to the end of it; parent and child go on."""
    monkeypatch.setattr(_threads, "_FORK_PATIENCE", 0.01)
    entered, release = threading.Event(), threading.Event()

    def work() -> None:
        with unforked():
            entered.set()
            release.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    assert entered.wait(10)
    held = _threads._importing
    _threads._before_fork()
    _threads._after_fork_in_parent()
    _threads._after_fork_in_child()
    with unforked():
        assert _threads._importing is not held
    release.set()
    thread.join(10)


def test_a_system_without_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no fork, as on Windows, there is nothing to register, and nothing fails."""
    monkeypatch.delattr(os, "register_at_fork", raising=False)
    runpy.run_path(_threads.__file__)["after_fork_in_child"](lambda: None)

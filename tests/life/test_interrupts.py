"""Tests of interrupts: Ctrl-C, a signal's handler that calls the API, and SystemExit, at every line of a call."""

from __future__ import annotations

import contextlib
import linecache
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
from loopback import Answer, Loopback, Received, grant_for, token_answer
from timing import HUNG

from oauth_cc_auth import MemoryStore, Token, TokenSource

# A call that is not disturbed takes milliseconds; one that waits for what was lost takes three timeouts.
TIMEOUT = 4.0


class Clock:
    """The time, as a test sets it."""

    def __init__(self) -> None:
        """Begin now."""
        self.ahead = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return time.time() + self.ahead


class AtLine:
    """Does something at one line of this thread's way through the package: the one with this number."""

    def __init__(self, number: int, act: Callable[[], object]) -> None:
        """Count the lines; act at one of them."""
        self.lines, self._number, self._act = 0, number, act
        self._last: dict[int, int] = {}

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        """Trace the frames of the package."""
        if "/oauth_cc_auth/" not in frame.f_code.co_filename:
            return None
        if event == "line" and not self._leaves_a_lock(frame):
            self.lines += 1
            if self.lines == self._number:
                self._act()
        return self

    def _leaves_a_lock(self, frame: FrameType) -> bool:
        # A `with` is reported again when its block ends. No signal is looked for there: the interpreter does that at
        # calls and jumps, and the call that releases the lock comes first.
        last, self._last[id(frame)] = self._last.get(id(frame), 0), frame.f_lineno
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        return line.startswith("with ") and frame.f_lineno < last

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Trace this thread."""
        before = sys.gettrace()
        sys.settrace(self)
        try:
            yield
        finally:
            sys.settrace(before)


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Return an authorization server with tokens of an hour."""
    with Loopback() as server:
        yield server


class Story:
    """One kind of call, each time for a client that nobody has asked for before."""

    def __init__(self, server: Loopback, kind: str) -> None:
        """Begin with the first client."""
        self.server, self.kind, self.timeout, self._clients = server, kind, TIMEOUT, 0
        self.store = MemoryStore() if kind == "cold, with a store" else None

    def new(self) -> Callable[[], Token]:
        """Return a call that finds no token, or one that is due, ending or over."""
        self._clients += 1
        grant, clock = grant_for(self.server.url, client_id=f"client {self._clients}"), Clock()

        def call() -> Token:
            # An auth object per call, as most programs have it.
            return TokenSource(grant, store=self.store, clock=clock, timeout=self.timeout).token()

        self.keep = clock  # the token lives as long as its clock
        ahead = {"due": 3600 * 0.85, "ending": 3595.0, "over": 3601.0}.get(self.kind)
        if ahead is not None:
            call()
            clock.ahead = ahead
        return call

    def lines(self) -> list[int]:
        """Return the numbers of the lines of a call."""
        self.new()()  # what is imported on the way is another story
        watch = AtLine(-1, lambda: None)
        call = self.new()
        with watch.watching():
            call()
        assert watch.lines > 40
        return list(range(1, watch.lines + 1))


KINDS = ["cold", "cold, with a store", "due", "ending", "over"]


def points(lines: list[int], share: str, most: int) -> list[int]:
    """Return all lines, or as many as an ordinary run has time for."""
    return lines if share == "every line" else sorted(random.sample(lines, min(len(lines), most)))


SHARES = ["some lines", pytest.param("every line", marks=pytest.mark.endurance)]


def interrupt() -> None:
    """Do as Ctrl-C does."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_at_any_line(server: Loopback, kind: str, share: str) -> None:
    """Wherever a call is interrupted, the next one has a token at once, and at most one token request is repeated."""
    story = Story(server, kind)
    for number in points(story.lines(), share, 40):
        call, watch = story.new(), AtLine(number, interrupt)
        before = len(server.received)
        with contextlib.suppress(KeyboardInterrupt), watch.watching():
            call()
        began = time.monotonic()
        assert call().access_token
        assert time.monotonic() - began < TIMEOUT, f"line {number} of a call that is {kind}"
        assert len(server.received) - before <= 2


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_signals_handler_calls_the_api(server: Loopback, kind: str, share: str) -> None:
    """Wherever a call is interrupted by a handler that makes an auth object and calls, both have a token at once."""
    story = Story(server, kind)
    for number in points(story.lines(), share, 12):
        call, nested = story.new(), list[Token]()
        watch = AtLine(number, lambda call=call, nested=nested: nested.append(call()))  # type: ignore[misc]  # bound
        began = time.monotonic()
        with watch.watching():
            token = call()
        assert nested or number > watch.lines
        assert token.access_token
        assert time.monotonic() - began < TIMEOUT, f"line {number} of a call that is {kind}"


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="Windows sends no signal to a thread")
@pytest.mark.parametrize("times", [60, pytest.param(5_000, marks=pytest.mark.endurance)])
@pytest.mark.parametrize("act", ["interrupt", "call"])
def test_a_signal_at_any_moment(server: Loopback, times: int, act: str) -> None:
    """The same with real signals, which arrive between two instructions."""
    story = Story(server, "cold")
    story.lines()
    calls: list[Callable[[], Token]] = []

    def handler(*_: object) -> None:
        interrupt() if act == "interrupt" else calls[-1]()

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        for _ in range(times):
            calls.append(story.new())
            with contextlib.suppress(KeyboardInterrupt):
                delay = random.uniform(0.0, 0.006)  # noqa: S311 - keeps no secret
                shot = threading.Thread(target=shoot, args=(threading.get_ident(), delay))
                shot.start()
                calls[-1]()
                shot.join()
            shot.join()
            began = time.monotonic()
            assert calls[-1]().access_token
            assert time.monotonic() - began < TIMEOUT
    finally:
        signal.signal(signal.SIGUSR1, before)


def shoot(thread: int, seconds: float) -> None:
    """Send the signal to a thread after so many seconds."""
    time.sleep(seconds)
    signal.pthread_kill(thread, signal.SIGUSR1)


def test_a_waiting_thread_that_is_ended(server: Loopback) -> None:
    """A thread that is told to exit while it waits takes nobody with it, and the flight flies on."""
    release = threading.Event()

    def slow(_: Received) -> Answer:
        assert release.wait(HUNG)
        return token_answer()

    server.replies = [slow]
    story = Story(server, "cold")
    story.timeout = HUNG
    call = story.new()
    got: list[Token] = []
    other = threading.Thread(target=lambda: got.append(call()))
    waiting = threading.get_ident()

    def end() -> None:
        while not server.received:
            time.sleep(0.001)
        other.start()
        signal.pthread_kill(waiting, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda *_: sys.exit(3))
    threading.Thread(target=end).start()
    try:
        with pytest.raises(SystemExit):
            call()
    finally:
        signal.signal(signal.SIGUSR1, before)
    release.set()
    assert call().access_token
    other.join(HUNG)
    assert got
    assert len(server.received) == 1


# A program whose token is over while its renewal is in the air, when it is stopped for longer than any attempt takes.
STOPPED = """
import os, signal, subprocess, sys, threading, time
from oauth_cc_auth import ClientCredentials, TokenSource
grant = ClientCredentials(token_endpoint=sys.argv[1], client_id="client", client_secret="secret")
ahead = [0.0]
clock = lambda: time.time() + ahead[0]
TokenSource(grant, clock=clock).token()  # which imports, and has the time for it
source = TokenSource(grant, timeout=0.5, clock=clock)
ahead[0] = 3600 * 0.85
source.token()  # renewed in the background
print("renewing", flush=True)
sys.stdin.readline()
ahead[0] = 3700.0
got = []
def call():
    got.append(source.token().access_token)
threads = [threading.Thread(target=call) for _ in range(4)]
for thread in threads: thread.start()
time.sleep(0.2)
print("waiting", flush=True)
for thread in threads: thread.join(20)
print(got, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows stops no process")
@pytest.mark.parametrize("seconds", [2.5, pytest.param(12.0, marks=pytest.mark.endurance)])
def test_a_process_that_was_stopped(seconds: float) -> None:
    """A process that is stopped with a renewal in the air, past the token's end, fails no call when it goes on."""
    hold = threading.Event()

    def held(_: Received) -> Answer:
        hold.wait(30)
        return token_answer("never heard")

    with Loopback(token_answer("first"), held, token_answer("second")) as server:
        program = subprocess.Popen(  # noqa: S603 - our own code
            [sys.executable, "-c", STOPPED, server.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert program.stdin
        assert program.stdout
        assert program.stdout.readline() == "renewing\n"
        program.stdin.write("\n")
        program.stdin.flush()
        assert program.stdout.readline() == "waiting\n"
        program.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        program.send_signal(signal.SIGCONT)
        out, _ = program.communicate(timeout=30)
        hold.set()
        assert out == f"{['second'] * 4}\n"

"""Tests of work in the air and of everybody who waits for it: threads, asyncio and trio."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
import trio
import trio.testing
from loopback import SECRET, run_together
from timing import eventually

from oauth_cc_auth import InvalidClient, TokenEndpointUnavailable, _threads
from oauth_cc_auth._life import flight as room
from oauth_cc_auth._life.flight import Flight


class Gate:
    """Work that lasts until the test lets it land, and counts how often it ran."""

    def __init__(self, outcome: object = "landed") -> None:
        """Prepare to return this, or to raise it where it is an exception."""
        self.outcome = outcome
        self.opened = threading.Event()
        self.began = threading.Event()
        self.runs = 0

    def __call__(self, _: Flight[Any]) -> Any:
        """Wait for the gate, then return or raise."""
        self.runs += 1
        self.began.set()
        assert self.opened.wait(20)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Return work whose end the test decides."""
    gate = Gate()
    yield gate
    gate.opened.set()


def in_the_air(gate: Callable[[Flight[Any]], Any]) -> Flight[Any]:
    """Return a flight that has taken off."""
    flight: Flight[Any] = Flight(gate, 30.0)
    assert flight.take_off()
    return flight


async def gather_in_asyncio(flight: Flight[Any], tasks: int) -> list[Any]:
    """Wait in so many tasks."""
    return await asyncio.gather(*(flight.await_(20) for _ in range(tasks)), return_exceptions=True)


async def gather_in_trio(flight: Flight[Any], tasks: int) -> list[Any]:
    """Wait in so many tasks."""
    results: list[Any] = []

    async def wait() -> None:
        try:
            results.append(await flight.await_(20))
        except Exception as error:  # noqa: BLE001 - a result like any other
            results.append(error)

    async with trio.open_nursery() as nursery:
        for _ in range(tasks):
            nursery.start_soon(wait)
    return results


def test_everybody_gets_the_result_of_one_run(gate: Gate) -> None:
    """Case 17: threads, asyncio tasks and trio tasks in several loops wait for one run of the work."""
    flight = in_the_air(gate)
    threading.Timer(0.05, gate.opened.set).start()
    results = run_together(
        *[lambda: flight.wait(20)] * 8,
        *[lambda: asyncio.run(gather_in_asyncio(flight, 20))] * 2,
        *[lambda: trio.run(gather_in_trio, flight, 20)] * 2,
    )
    assert results == ["landed"] * 8 + [["landed"] * 20] * 4
    assert gate.runs == 1


@pytest.mark.parametrize("wait", ["thread", "asyncio", "trio"])
def test_late_comers_get_the_result_at_once(gate: Gate, wait: str) -> None:
    """Whoever comes after the landing is served without waiting."""
    flight = in_the_air(gate)
    gate.opened.set()
    assert flight.wait(20) == "landed"
    assert {
        "thread": lambda: flight.wait(0.0),
        "asyncio": lambda: asyncio.run(flight.await_(0.0)),
        "trio": lambda: trio.run(flight.await_, 0.0),
    }[wait]() == "landed"


def test_everybody_gets_an_exception_of_their_own() -> None:
    """Case 37: one failure is shared as copies with the same cause, without the flight's frames, which hold secrets."""
    error, cause = InvalidClient("invalid_client", "no"), OSError("down")
    error.__cause__ = cause
    gate = Gate(error)

    def work(flight: Flight[Any]) -> Any:
        held = SECRET
        assert held
        return gate(flight)

    flight = in_the_air(work)

    def wait() -> BaseException:
        with pytest.raises(InvalidClient) as caught:
            flight.wait(20)
        return caught.value

    threading.Timer(0.05, gate.opened.set).start()
    results: list[Any] = run_together(
        *[wait] * 4, lambda: asyncio.run(gather_in_asyncio(flight, 4)), lambda: trio.run(gather_in_trio, flight, 4)
    )
    errors = [*results[:4], *results[4], *results[5]]
    assert len({id(error) for error in errors}) == 12
    for one in errors:
        assert one is not error
        assert type(one) is InvalidClient
        assert (one.error, one.error_description) == ("invalid_client", "no")
        assert one.__cause__ is cause
        frame = one.__traceback__
        while frame is not None:
            assert SECRET not in map(str, frame.tb_frame.f_locals.values())
            frame = frame.tb_next
    assert error.__traceback__ is None


def test_whatever_goes_wrong_reaches_those_who_wait() -> None:
    """An exception that nobody foresaw leaves nobody waiting, and what ends the flight's thread ends no other."""
    cases: list[tuple[BaseException, type[Exception]]] = [
        (KeyError("x"), KeyError),
        (SystemExit(1), TokenEndpointUnavailable),
        (KeyboardInterrupt(), TokenEndpointUnavailable),
    ]
    for error, reported in cases:
        gate = Gate(error)
        gate.opened.set()
        flight = in_the_air(gate)
        with pytest.raises(reported):
            flight.wait(20)


@pytest.mark.parametrize("wait", ["thread", "asyncio", "trio"])
def test_patience_ends(gate: Gate, wait: str) -> None:
    """A waiter gives up after the limit with a typed error; the flight flies on and lands for the next."""
    flight = in_the_air(gate)
    start = time.monotonic()
    with pytest.raises(TokenEndpointUnavailable, match=r"after 0\.02 s"):
        {
            "thread": lambda: flight.wait(0.02),
            "asyncio": lambda: asyncio.run(flight.await_(0.02)),
            "trio": lambda: trio.run(flight.await_, 0.02),
        }[wait]()
    assert time.monotonic() - start < 10
    gate.opened.set()
    assert flight.wait(20) == "landed"
    assert gate.runs == 1


def test_a_cancelled_task_takes_nobody_with_it(gate: Gate) -> None:
    """Case 27: of two tasks one is cancelled; the other gets the result, and the flight was not repeated."""
    flight = in_the_air(gate)

    async def main() -> Any:
        one, other = asyncio.create_task(flight.await_(20)), asyncio.create_task(flight.await_(20))
        await asyncio.sleep(0)
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
        gate.opened.set()
        return await other

    assert asyncio.run(main()) == "landed"
    assert gate.runs == 1


def test_a_cancelled_trio_task_takes_nobody_with_it(gate: Gate) -> None:
    """Case 27: the same in trio, where a scope is cancelled."""
    flight = in_the_air(gate)

    async def main() -> Any:
        with trio.move_on_after(0.01) as scope:
            await flight.await_(20)
        assert scope.cancelled_caught
        gate.opened.set()
        return await flight.await_(20)

    assert trio.run(main) == "landed"
    assert gate.runs == 1


async def leave_asyncio(flight: Flight[Any]) -> None:
    """Wait for a moment and go."""
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(flight.await_(20), 0.01)


async def leave_trio(flight: Flight[Any]) -> None:
    """Wait for a moment and go."""
    with trio.move_on_after(0.01):
        await flight.await_(20)


@pytest.mark.parametrize("run", [lambda flight: asyncio.run(leave_asyncio(flight)), lambda f: trio.run(leave_trio, f)])
def test_a_loop_that_is_gone_disturbs_nobody(
    gate: Gate, run: Callable[[Flight[Any]], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Case 27: a loop is closed before the landing; the flight lands for the others, and nobody complains."""
    flight = in_the_air(gate)
    run(flight)
    gate.opened.set()
    assert flight.wait(20) == "landed"
    assert asyncio.run(flight.await_(20)) == "landed"
    for thread in threading.enumerate():
        if thread.name == "oauth-cc-auth-flight":
            thread.join(10)
    assert "exception calling callback" not in caplog.text


def test_what_must_land_is_waited_for(gate: Gate) -> None:
    """The interpreter's exit waits for a flight that must land, for no other, and not for one that has landed."""
    flight: Flight[str] = Flight(gate, 20.0, must_land=True)
    flight.take_off()
    threading.Timer(0.01, gate.opened.set).start()
    room.land_all()
    assert flight.wait(0.0) == "landed"
    assert room._must_land == {}
    hanging = Gate()
    flight = in_the_air(hanging)
    room.land_all()
    with pytest.raises(TokenEndpointUnavailable):
        flight.wait(0.0)
    hanging.opened.set()


@pytest.mark.parametrize("lacks", ["in_trio_task", "current_task", "lowlevel"])
def test_a_trio_that_is_only_installed(gate: Gate, monkeypatch: pytest.MonkeyPatch, lacks: str) -> None:
    """Whatever release of trio httpcore has loaded, or half of one, asyncio's tasks are left alone."""
    monkeypatch.delattr(trio if lacks == "lowlevel" else trio.lowlevel, lacks)
    flight = in_the_air(gate)
    threading.Timer(0.01, gate.opened.set).start()
    assert asyncio.run(flight.await_(20)) == "landed"


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_the_loop_runs_meanwhile(gate: Gate, loop: str) -> None:
    """A waiting task blocks neither its loop nor a thread of a pool."""
    flight, threads = in_the_air(gate), threading.active_count()

    async def in_asyncio() -> list[Any]:
        tasks = [asyncio.create_task(flight.await_(20)) for _ in range(50)]
        for _ in range(3):
            await asyncio.sleep(0)
        assert threading.active_count() <= threads
        gate.opened.set()
        return await asyncio.gather(*tasks)

    async def in_trio() -> list[Any]:
        results: list[Any] = []

        async def wait() -> None:
            results.append(await flight.await_(20))

        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            assert threading.active_count() <= threads
            gate.opened.set()
        return results

    assert (asyncio.run(in_asyncio()) if loop == "asyncio" else trio.run(in_trio)) == ["landed"] * 50


def no_thread(*_: object, **__: object) -> NoReturn:
    """Behave as Thread does while the interpreter exits."""
    message = "can't start new thread at interpreter shutdown"
    raise RuntimeError(message)


def test_flown_inline_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 26: at interpreter exit the work runs in the caller, if the caller cannot do without."""
    monkeypatch.setattr(_threads, "Thread", no_thread)
    flight = Flight(lambda _: threading.get_ident(), 30.0)
    assert not flight.take_off()
    assert flight.wait(0.0) == threading.get_ident()


def test_the_work_knows_its_flight() -> None:
    """What flies can tell its own flight from another."""
    flight: Flight[Any] = Flight(lambda it: it, 30.0)
    assert flight.wait(20) is flight


def test_a_lost_flight(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    """A flight that lasts twice as long as anybody waits is lost, so that the next caller starts another."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    flight: Flight[Any] = Flight(gate, 30.0)
    now[0] += 60.0
    assert not flight.lost()
    now[0] += 0.1
    assert flight.lost()


def test_an_opener_that_was_interrupted_leaves_a_flight_that_takes_off(gate: Gate) -> None:
    """A flight whose opener never got to start it is started by whoever waits next, once."""
    flight: Flight[Any] = Flight(gate, 30.0)
    gate.opened.set()
    assert run_together(*[lambda: flight.wait(20)] * 8) == ["landed"] * 8
    assert gate.runs == 1
    again: Flight[Any] = Flight(gate, 30.0)
    assert asyncio.run(again.await_(20)) == "landed"
    again._fly_alone()
    assert gate.runs == 2, "a thread that comes too late finds nothing to do"
    assert again.take_off()


def test_a_task_is_told_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    """At the system's limit of threads a task fails at once and its loop goes on; at exit there is no other way."""
    monkeypatch.setattr(_threads, "Thread", no_thread)
    gate.opened.set()
    flight: Flight[Any] = Flight(gate, 30.0)
    with pytest.raises(TokenEndpointUnavailable, match="ulimit"):
        asyncio.run(flight.await_(20))
    assert gate.runs == 0
    monkeypatch.setattr(room, "exiting", lambda: True)
    assert asyncio.run(flight.await_(20)) == "landed"


def test_the_context_of_the_caller_comes_along() -> None:
    """A trace's span that is current where the token is needed is the parent of what the flight does."""
    current: contextvars.ContextVar[str] = contextvars.ContextVar("current", default="none")

    def work(_: object) -> tuple[str, str]:
        seen = current.get(), _threads.within(10, current.get, "a-name")
        current.set("changed")
        return seen

    current.set("the caller's")
    assert Flight(work, 30.0).wait(20) == ("the caller's", "the caller's")
    assert current.get() == "the caller's"


def stop(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    """Let it seem to a waiter of 0.4 s that the process stood still for an hour; the flight lands soon after that."""
    real, stopped = time.monotonic, [0.0]

    def resume() -> None:
        gate.began.wait(10)
        time.sleep(0.32)
        stopped[0] = 3600.0
        time.sleep(0.24)
        gate.opened.set()

    monkeypatch.setattr(time, "monotonic", lambda: real() + stopped[0])
    threading.Thread(target=resume).start()


@pytest.mark.parametrize("wait", ["thread", "asyncio", "trio"])
def test_a_process_that_stood_still_waits_again(monkeypatch: pytest.MonkeyPatch, gate: Gate, wait: str) -> None:
    """Whoever waited while everything stood still gets as long again: nobody had any time meanwhile."""
    flight: Flight[Any] = Flight(gate, 30.0)
    stop(monkeypatch, gate)
    assert {
        "thread": lambda: flight.wait(0.4),
        "asyncio": lambda: asyncio.run(flight.await_(0.4)),
        "trio": lambda: trio.run(flight.await_, 0.4),
    }[wait]() == "landed"


def test_a_waiter_that_has_left_is_not_called(gate: Gate) -> None:
    """A flight keeps nothing of those who are gone."""
    flight = in_the_air(gate)
    for _ in range(3):
        with pytest.raises(TokenEndpointUnavailable):
            flight.wait(-1.0)
    assert not flight._waiting
    gate.opened.set()
    assert flight.wait(1e12) == "landed", "patience has no limit of its own"


def test_a_flight_that_lands_as_a_task_is_about_to_wait(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task has its result at once when the flight lands just before the task suspends itself."""
    flight, in_asyncio = in_the_air(gate), room._in_asyncio

    def lands_first() -> Any:
        gate.opened.set()
        eventually(lambda: flight._landed is not None)
        return in_asyncio()

    monkeypatch.setattr(room, "_in_asyncio", lands_first)
    assert asyncio.run(flight.await_(0.0)) == "landed"

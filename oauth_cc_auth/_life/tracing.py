"""Where OpenTelemetry watches token requests, in a program that has asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from oauth_cc_auth._life.report import Report


class Tracer(Protocol):
    """What is told of each exchange, and of the callers that wait for it."""

    def waits(self) -> object:
        """Return what stands for the caller, in whose thread or task this is called."""

    def exchange(self, report: Report, callers: list[tuple[Tracer, object]]) -> AbstractContextManager[object]:
        """Watch an exchange. Until it has ended `callers` grows, and `report` does not tell the outcome."""


# Replaced as a whole, so that it can be read without a lock.
tracers: tuple[Tracer, ...] = ()


def add(tracer: Tracer) -> None:
    """Let this one watch from now on."""
    global tracers  # noqa: PLW0603 - the process has one
    tracers = (*tracers, tracer)


def remove(tracer: Tracer) -> None:
    """Let this one watch no more."""
    global tracers  # noqa: PLW0603 - as above
    tracers = tuple(other for other in tracers if other is not tracer)


def callers() -> list[tuple[Tracer, object]]:
    """Return what stands for the caller, for each that watches."""
    return [(tracer, tracer.waits()) for tracer in tracers]


@contextmanager
def traced(report: Report, waiting: list[tuple[Tracer, object]]) -> Iterator[None]:
    """Let an exchange be watched."""
    with ExitStack() as stack:
        for tracer in tracers:
            stack.enter_context(tracer.exchange(report, waiting))
        yield

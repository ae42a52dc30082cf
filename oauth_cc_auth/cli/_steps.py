"""The doctor's steps: what each says, how they are printed, and the time that all of them have together.

A library's timeout bounds each read; none bounds the lookup of a host's name, or an answer that drips. So the steps run
in a thread of their own, and the one that is still running when the time is over is named.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from queue import Empty, SimpleQueue

import click

from oauth_cc_auth.cli._causes import NETWORK

# Seconds: with the start of the process they stay below 30.
LIMIT = 28.0

# What is being done after each step that can be followed by a wait.
_NEXT = {
    "discovery": "variables",
    "variables": "dns",
    "dns": "tls",
    "tls": "client",
    "clock": "client",
    "endpoint": "client",
    "lifetime": "api",
}


@dataclass(frozen=True)
class Step:
    """One step: what was done, what came back, what to change, and the exit status that it means."""

    step: str
    did: str
    got: str
    change: str = ""
    status: int = 0

    @property
    def line(self) -> str:
        """How it stands on a terminal."""
        mark = "FAILED" if self.status else "look" if self.change else "ok"
        change = f"\n{'':20}Change: {self.change}" if self.change else ""
        return f"{mark:<7} {self.step:<11} {self.did}: {self.got}{change}"


def within(
    seconds: float, steps: Iterator[Step], clock: Callable[[], float] = time.monotonic, *, first: str = "variables"
) -> Iterator[Step]:
    """Yield the steps as they come, and after so many seconds one that says which step was not over."""
    ends, running = clock() + seconds, first
    arrived: SimpleQueue[Step | BaseException | None] = SimpleQueue()

    def run() -> None:
        try:
            for step in steps:
                arrived.put(step)
            arrived.put(None)
        except BaseException as error:  # noqa: BLE001 - raised where the steps are read
            arrived.put(error)

    threading.Thread(target=run, name="oauth-cc-auth-doctor", daemon=True).start()
    while True:
        try:
            step = arrived.get(timeout=max(0.0, ends - clock()))
        except Empty:
            change = "look at the network, the proxy and the server that this step waits for"
            yield Step(running, "waited", f"no end of it; all steps together have {seconds:g} s", change, NETWORK)
            return
        if isinstance(step, BaseException):
            raise step
        if step is None:
            return
        running = _NEXT.get(step.step, step.step)
        yield step


def reported(steps: Iterator[Step], *, as_json: bool) -> int:
    """Print the steps as they come, and return the exit status."""
    last, kept = 0, []
    for step in steps:
        last = step.status or last
        kept.append(asdict(step))
        if not as_json:
            click.echo(step.line)
    if as_json:
        click.echo(json.dumps(kept, indent=2))
    return last

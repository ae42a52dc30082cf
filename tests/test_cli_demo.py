"""The demonstration: it shows what is so, and says why where it is not."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from oauth_cc_auth import OriginNotAllowed, presets
from oauth_cc_auth.cli import _demo, _tables


def console(*, terminal: bool = False) -> Console:
    """A console that writes into a string."""
    return Console(file=io.StringIO(), width=120, force_terminal=terminal, highlight=False)


def output(of: Console) -> str:
    """What was written to it."""
    assert isinstance(of.file, io.StringIO)
    return of.file.getvalue()


@pytest.fixture
def two_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """One vendor with two clients, for tests that need no more."""
    monkeypatch.setattr(_demo, "FIRST_CALLS", {"vainu": _demo.FIRST_CALLS["vainu"]})
    # No event loop: on Python 3.11 coverage loses the frames below one that connects.
    monkeypatch.setattr(_demo, "CLIENTS", {"requests": _demo.WithRequests, "httpx": _demo.WithHttpx})


def test_every_promise_is_kept() -> None:
    """Each vendor with each client passes each check, and the table is plain text where it goes into a file."""
    out = console()
    assert _demo.run(out)
    text = output(out)
    cells = len(_demo.FIRST_CALLS) * len(_demo.CLIENTS)
    assert text.count("✓") == cells * 5
    assert f"{cells * 5} of {cells * 5} promises kept" in text
    assert all(vendor in text for vendor in _demo.FIRST_CALLS)
    assert "\x1b" not in text
    assert "✗" not in text


@pytest.mark.usefixtures("two_cells")
def test_a_terminal_sees_it_grow() -> None:
    """On a terminal the table is redrawn after each client, in colour."""
    out = console(terminal=True)
    assert _demo.run(out)
    assert "1 of 2" in output(out)
    assert "\x1b[" in output(out)


def test_it_fits_on_80_columns() -> None:
    """No line of the table is wrapped where a terminal is as narrow as they come."""
    result = _demo.Result("32 at once", "0 tokens")
    row = _demo.Row("vend-email", "httpx async", (*[result] * 4, _demo.Result("foreign", "refused")))
    out = Console(file=io.StringIO(), width=80)
    out.print(_tables.demo_table([row], 1))
    assert "httpx async   ✓ 0 tokens   ✓ 0 tokens   ✓ 0 tokens   ✓ 0 tokens   ✓ refused" in output(out)


@pytest.mark.usefixtures("two_cells")
def test_a_broken_promise_is_shown_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that fails is a cross in the table, its reason below, and the verdict is no."""
    monkeypatch.setattr(_demo, "OK", 299)
    out = console()
    assert not _demo.run(out)
    assert "✗ vainu, requests, first call: 1 of 1 answered 200" in output(out)
    assert "2 of 10 promises kept" in output(out)


class FakeSandbox:
    """Counts what it is told to count."""

    token_requests = 2
    api_requests = 0

    def reset_counts(self) -> None:
        """Keep the count."""


class FakeClient:
    """Answers as it is told to, and refuses nothing."""

    def __init__(self, *, connects: bool) -> None:
        self.connects = connects

    def call(self, method: str, url: str, json: object) -> int:
        """Answer 200; connect to the host first where it is told to."""
        if self.connects:
            import socket  # noqa: PLC0415 - for this test's foreign host

            host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
            socket.create_connection((host, int(port))).close()
            raise OriginNotAllowed("too late")
        return 200

    def calls_at_once(self, method: str, url: str, json: object) -> list[int]:
        """Break."""
        raise RuntimeError("no threads today")

    def close(self) -> None:
        """Nothing to close."""


def cell() -> _demo._Cell:
    """A cell over the fake sandbox."""
    return _demo._Cell(FakeSandbox(), "vainu", presets.vainu, _demo.WithHttpx)  # type: ignore[arg-type]  # a fake


def test_a_token_too_many_is_a_failure() -> None:
    """Two token requests where one was promised fail the check and are said in numbers."""
    here = cell()
    result = here._result("first call", here._first_call, FakeClient(connects=False))
    assert result.why == "2 tokens, not 1"


def test_an_exception_is_a_failure() -> None:
    """A check that raises has failed, with the exception as its reason."""
    here = cell()
    result = here._result("32 at once", here._at_once, FakeClient(connects=False))
    assert result.why == "RuntimeError: no threads today"


@pytest.mark.parametrize(("connects", "why"), [(False, "not refused"), (True, "connected")])
def test_a_foreign_host_that_hears_of_it_is_a_failure(connects: bool, why: str) -> None:
    """A foreign host that gets a call, or only a connection, fails the check."""
    here = cell()
    result = here._result("foreign", here._foreign_host, FakeClient(connects=connects))
    assert result.why == why


def test_requests_of_unknown_paths_are_red() -> None:
    """A request that was refused stands out."""
    from oauth_cc_auth.sandbox import Record  # noqa: PLC0415 - only here

    record = Record(
        kind="api", vendor="vibes_rbm", method="GET", path="/x", status=401, client_port=1, time=0.0, body_length=3
    )
    line = _tables.request_line(record)
    assert line.plain == "vibes-rbm  401 GET  /x    3 bytes"
    assert "red" in {str(span.style) for span in line.spans}

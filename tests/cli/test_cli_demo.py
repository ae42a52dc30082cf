"""The demonstration: it shows what is so, and says why where it is not."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from rich.console import Console

from oauth_cc_auth import OriginNotAllowed, presets
from oauth_cc_auth.cli import _demo, _demo_clients, _tables


def console(*, terminal: bool = False, width: int = 120) -> Console:
    """A console that writes into a string."""
    return Console(file=io.StringIO(), width=width, force_terminal=terminal, highlight=False)


def output(of: Console) -> str:
    """What was written to it."""
    assert isinstance(of.file, io.StringIO)
    return of.file.getvalue()


@pytest.fixture
def two_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """One vendor with two clients, for tests that need no more."""
    monkeypatch.setattr(_demo, "FIRST_CALLS", {"vainu": _demo.FIRST_CALLS["vainu"]})
    # No event loop: on Python 3.11 coverage loses the frames below one that connects.
    monkeypatch.setattr(_demo, "CLIENTS", {"requests": _demo_clients.WithRequests, "httpx": _demo_clients.WithHttpx})


def test_every_promise_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each vendor with each client passes each check, and the table is plain text where it goes into a file."""
    for room in (_demo, _demo_clients):  # a crowd of 32 is tested at the auth classes
        monkeypatch.setattr(room, "CALLERS", 8)
    out = console()
    assert _demo.run(out)
    text = output(out)
    cells = len(_demo.FIRST_CALLS) * len(_demo_clients.CLIENTS)
    assert text.count("✓") == cells * 5
    assert f"{cells * 5} of {cells * 5} promises kept" in text
    assert all(vendor in text for vendor in _demo.FIRST_CALLS)
    assert "\x1b" not in text
    assert "✗" not in text


@pytest.mark.usefixtures("two_cells")
def test_results_in_json() -> None:
    """With `--json` each client's checks are data."""
    out = console()
    assert _demo.run(out, as_json=True)
    first, second = json.loads(output(out))
    assert [result["why"] for result in first["results"] + second["results"]] == [""] * 10
    assert first["results"][0]["token_requests"] == 1


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
    out = console(width=80)
    out.print(_tables.demo_table([row], 1))
    assert "httpx async  ✓ 0 tokens  ✓ 0 tokens  ✓ 0 tokens  ✓ 0 tokens  ✓ refused" in output(out)


def test_nothing_is_cut_on_60_columns() -> None:
    """Where it is narrower still, results are wrapped, and no word of them is broken; on 40 columns none is lost."""
    cases: list[_tables.Marks] = [_tables.SIGNS, _tables.WORDS]
    for marks in cases:
        shown = {"first call": "1 token", "5 more": "0 tokens", "revoked": "renewed", "32 at once": "1 token"}
        results = [_demo.Result(check, what) for check, what in {**shown, "foreign": "refused"}.items()]
        table = _tables.demo_table([_demo.Row("vibes-rbm", "httpx async", tuple(results))], 1, marks)
        out, narrow = console(width=60), console(width=40)
        out.print(table)
        narrow.print(table)
        words = output(out).split()
        assert max(map(len, output(out).splitlines())) <= 60
        assert "…" not in output(out) + output(narrow)
        assert {"revoked", "foreign", "renewed", "refused", "token", "tokens"} <= set(words)
        assert words.count(marks.kept) == 5


@pytest.mark.usefixtures("two_cells")
def test_a_broken_promise_is_shown_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that fails is a cross in the table, its reason below, and the verdict is no."""
    monkeypatch.setattr(_demo, "OK", 299)
    out = console()
    assert not _demo.run(out)
    assert "✗ vainu, requests, first call: 1 of 1 answered 200" in output(out)
    assert "2 of 10 promises kept" in output(out)


def test_an_encoding_without_signs_gets_words() -> None:
    """A promise that was kept never looks like one that was not, whatever the terminal can show."""
    cases: list[tuple[str, str, str]] = [("utf-8", "✓", "✗"), ("ascii", "ok", "FAILED"), ("cp1252", "ok", "FAILED")]
    for encoding, kept, broken in cases:
        row = _demo.Row(
            "vainu", "httpx", (_demo.Result("first call", "1 token"), _demo.Result("5 more", "2 tokens", "why"))
        )
        written = io.BytesIO()
        out = Console(file=io.TextIOWrapper(written, encoding, errors="replace"), width=120, highlight=False)
        marks = _tables.marks(out.encoding)
        out.print(_tables.demo_table([row], 2, marks))
        out.print(_tables.demo_verdict([row], 1.0, marks))
        out.file.flush()
        text = written.getvalue().decode(encoding)
        assert f"{kept} 1 token " in text
        assert f"{broken} 2 tokens" in text
        assert f"{broken} vainu, httpx, 5 more: why" in text
        assert "?" not in text


@pytest.mark.usefixtures("two_cells")
def test_it_asks_which_signs_there_are() -> None:
    """The demonstration itself takes words where its console's encoding has no signs."""
    written = io.BytesIO()
    out = Console(file=io.TextIOWrapper(written, "ascii"), width=120, highlight=False)
    assert _demo.run(out)
    out.file.flush()
    assert written.getvalue().decode("ascii").count("ok ") == 10


@pytest.mark.parametrize(
    "proxies",
    [
        {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "NO_PROXY": "example.com"},
        {"ALL_PROXY": "socks5://127.0.0.1:9", "no_proxy": "example.com"},
    ],
)
@pytest.mark.usefixtures("two_cells")
def test_a_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch, proxies: dict[str, str]) -> None:
    """Everything is on this machine: a proxy in the environment sees nothing of it, and is what it was afterwards."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, url in proxies.items():
        monkeypatch.setenv(name, url)
    before = dict(os.environ)
    out = console()
    assert _demo.run(out), output(out)
    assert os.environ == before


class Pool(ThreadPoolExecutor):
    """A pool of threads; Ctrl-C comes when the tenth is asked for."""

    submitted = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit nine."""
        self.submitted += 1
        if self.submitted == 10:
            raise KeyboardInterrupt
        return super().submit(fn, *args, **kwargs)


def test_ctrl_c_before_all_threads_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the callers assemble ends the wait of those who are there: none calls, and none is left."""
    before, calls = threading.active_count(), []
    monkeypatch.setattr(_demo_clients, "ThreadPoolExecutor", Pool)
    with pytest.raises(KeyboardInterrupt):
        _demo_clients._in_threads(lambda: calls.append(1) or 200)  # type: ignore[func-returns-value]  # it is noted
    assert calls == []
    assert threading.active_count() == before


def tasks_of(answer: Callable[[int], Any]) -> _demo_clients.WithAsyncHttpx:
    """An async client whose calls are answered by this coroutine function, which is told how many were before."""
    calls = iter(range(_demo_clients.CALLERS))

    async def answered(_: httpx.Request) -> httpx.Response:
        await answer(next(calls))
        return httpx.Response(200)

    client = _demo_clients.WithAsyncHttpx(presets.vainu("id", "secret"))
    client._loop.run_until_complete(client._client.aclose())
    client._client = httpx.AsyncClient(transport=httpx.MockTransport(answered))
    return client


def test_a_failure_leaves_no_task(caplog: pytest.LogCaptureFixture) -> None:
    """A call that fails waits for the others, so that none is counted to the next check, nor heard of later."""
    ended = []

    async def answer(number: int) -> None:
        if number == 0:
            raise httpx.ConnectError("nobody there")
        for _ in range(10):
            await asyncio.sleep(0)
        ended.append(number)

    client = tasks_of(answer)
    with pytest.raises(httpx.ConnectError):
        client.calls_at_once("GET", "https://api.example/", None)
    assert len(ended) == _demo_clients.CALLERS - 1
    client.close()
    gc.collect()
    assert caplog.messages == []


def test_ctrl_c_among_tasks_leaves_none(caplog: pytest.LogCaptureFixture) -> None:
    """Ctrl-C in a task ends the others with the client, and the event loop has nothing to say about them."""
    cancelled = []

    async def answer(number: int) -> None:
        if number == 9:
            raise KeyboardInterrupt
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(number)
            raise

    client = tasks_of(answer)
    with pytest.raises(KeyboardInterrupt):
        client.calls_at_once("GET", "https://api.example/", None)
    client.close()
    gc.collect()
    assert len(cancelled) == _demo_clients.CALLERS - 1
    assert caplog.messages == []


def test_ctrl_c_comes_before_what_it_broke() -> None:
    """Ctrl-C in a group is no Exception, and is raised before the failures that came of it."""

    class Group(BaseException):
        """A group that holds Ctrl-C, which Python 3.10 does not know."""

    async def answer(number: int) -> None:
        raise Group if number == 9 else httpx.ConnectError("nobody there")

    client = tasks_of(answer)
    with pytest.raises(Group):
        client.calls_at_once("GET", "https://api.example/", None)
    client.close()


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
    return _demo._Cell(FakeSandbox(), "vainu", _demo_clients.WithHttpx)  # type: ignore[arg-type]  # a fake


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


def test_a_foreign_host_that_hears_of_it_is_a_failure() -> None:
    """A foreign host that gets a call, or only a connection, fails the check."""
    cases: list[tuple[bool, str]] = [(False, "not refused"), (True, "connected")]
    for connects, why in cases:
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

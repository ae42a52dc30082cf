"""The demonstration: five promises, checked for five vendors with three HTTP clients against the sandbox.

The sandbox counts what reaches it, so each check is a number: how many tokens were requested, how many calls were
answered. A check that raises has failed; the others go on.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

from oauth_cc_auth import OriginNotAllowed, forget_all
from oauth_cc_auth.cli import _tables
from oauth_cc_auth.cli._demo_clients import CALLERS, CLIENTS, Client
from oauth_cc_auth.cli._vendors import Grant, base_url, sandbox_grant
from oauth_cc_auth.sandbox import Sandbox

NEXT_CALLS = 5
OK = 200


@dataclass(frozen=True)
class ApiCall:
    """A request that a vendor's API answers with 200."""

    method: str
    path: str
    json: object = None


# The vendors of the demonstration, with the call that each one's own documentation opens with.
FIRST_CALLS = {
    "vibe": ApiCall("GET", "/campaigns"),
    "vibes-rbm": ApiCall("GET", "/demo/agents?agentId=demo"),
    "vainu": ApiCall("POST", "/v3/organizations/", json={"limit": 1}),
    "vend-email": ApiCall("GET", "/me"),
    "fyma": ApiCall("GET", "/tracking-cameras"),
}


@dataclass(frozen=True)
class Result:
    """What one check saw; `why` is empty where the promise was kept."""

    check: str
    shown: str
    why: str = ""
    api_requests: int = 0
    token_requests: int = 0


@dataclass(frozen=True)
class Row:
    """The checks of one vendor with one client."""

    vendor: str
    client: str
    results: tuple[Result, ...]


class _Broken(Exception):
    """The reason why a check failed."""


def run(console: Console, *, as_json: bool = False) -> bool:
    """Check everything, draw it or print it as JSON, and tell whether all promises were kept."""
    started = time.monotonic()
    rows: list[Row] = []
    marks = _tables.marks(console.encoding)
    click.echo(
        "The sandbox ends some tokens on purpose: warnings that an API refused its token are expected.", err=True
    )
    with _no_proxy(), Sandbox() as sandbox, _progress(console) as show:
        for row in _rows(sandbox):
            rows.append(row)
            show(_tables.demo_table(rows, len(FIRST_CALLS) * len(CLIENTS), marks))
    if as_json:
        console.out(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        console.print(_tables.demo_table(rows, len(rows), marks))
        console.print(_tables.demo_verdict(rows, time.monotonic() - started, marks))
    return not any(result.why for row in rows for result in row.results)


@contextmanager
def _no_proxy() -> Iterator[None]:
    """Keep the environment's proxies out of it: none leads to this machine. Both libraries prefer the small letters."""
    kept = os.environ.get("no_proxy")
    os.environ["no_proxy"] = "*"
    try:
        yield
    finally:
        del os.environ["no_proxy"]
        if kept is not None:
            os.environ["no_proxy"] = kept


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[Table], None]]:
    # Redrawing in place is for a terminal; a file gets only the finished table.
    if not console.is_terminal:
        yield lambda _: None
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda table: live.update(table, refresh=True)


def _rows(sandbox: Sandbox) -> Iterator[Row]:
    for vendor in FIRST_CALLS:
        for name, client in CLIENTS.items():
            yield Row(vendor, name, tuple(_Cell(sandbox, vendor, client).results()))


class _Cell:
    """One vendor with one client: a cold start, and then one check after the other on the same client."""

    def __init__(self, sandbox: Sandbox, vendor: str, client: Callable[[Grant], Client]) -> None:
        self._sandbox = sandbox
        self._vendor = vendor
        self._new_client = client
        self._call = FIRST_CALLS[vendor]
        self._url = ""

    def results(self) -> Iterator[Result]:
        with self._cold_start() as client:
            yield self._result("first call", self._first_call, client)
            yield self._result(f"{NEXT_CALLS} more", self._next_calls, client)
            yield self._result("revoked", self._revoked, client)
        with self._cold_start() as client:
            yield self._result(f"{CALLERS} at once", self._at_once, client)
            yield self._result("foreign", self._foreign_host, client)

    @contextmanager
    def _cold_start(self) -> Iterator[Client]:
        forget_all()
        grant = sandbox_grant(self._sandbox, self._vendor)
        self._url = f"{base_url(grant)}{self._call.path}"
        client = self._new_client(grant)
        try:
            yield client
        finally:
            client.close()

    def _result(self, name: str, check: Callable[[Client], str], client: Client) -> Result:
        self._sandbox.reset_counts()
        try:
            shown, why = check(client), ""
        except _Broken as broken:
            shown = why = str(broken)
        except Exception as error:  # noqa: BLE001 - whatever a check raises is its result
            shown, why = type(error).__name__, f"{type(error).__name__}: {error}"
        return Result(name, shown, why, self._sandbox.api_requests, self._sandbox.token_requests)

    def _first_call(self, client: Client) -> str:
        """One call fetches one token."""
        self._answered([self._one(client)])
        return self._tokens(1)

    def _next_calls(self, client: Client) -> str:
        """The calls after it fetch none."""
        self._answered([self._one(client) for _ in range(NEXT_CALLS)])
        return self._tokens(0)

    def _revoked(self, client: Client) -> str:
        """A token that the server has revoked is renewed once, and the call is answered."""
        self._sandbox.revoke_all()
        self._answered([self._one(client)])
        self._tokens(1)
        return "renewed"

    def _at_once(self, client: Client) -> str:
        """Callers that arrive together without a token share one token request."""
        self._answered(client.calls_at_once(self._call.method, self._url, self._call.json))
        return self._tokens(1)

    def _foreign_host(self, client: Client) -> str:
        """A call to another origin is refused before a connection is made."""
        with socket.create_server(("127.0.0.1", 0)) as foreign:
            foreign.settimeout(0)
            try:
                client.call("GET", f"http://127.0.0.1:{foreign.getsockname()[1]}/", None)
            except OriginNotAllowed:
                pass
            else:
                raise _Broken("not refused")
            try:
                foreign.accept()[0].close()
            except BlockingIOError:
                return "refused"
            raise _Broken("connected")

    def _one(self, client: Client) -> int:
        return client.call(self._call.method, self._url, self._call.json)

    def _answered(self, statuses: list[int]) -> None:
        wrong = [status for status in statuses if status != OK]
        if wrong:
            raise _Broken(f"{len(wrong)} of {len(statuses)} answered {wrong[0]}")

    def _tokens(self, expected: int) -> str:
        seen = self._sandbox.token_requests
        if seen != expected:
            raise _Broken(f"{_tables.tokens(seen)}, not {expected}")
        return _tables.tokens(seen)

"""How results look on a terminal, and in a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from oauth_cc_auth import AuthorizationCode
from oauth_cc_auth.cli._vendors import Grant, base_url, token_endpoint
from oauth_cc_auth.presets._played import SANDBOX_CLIENT

if TYPE_CHECKING:
    from oauth_cc_auth.cli._demo import Result, Row
    from oauth_cc_auth.sandbox import Record


class Marks(NamedTuple):
    """What stands before a promise that was kept, and before one that was not."""

    kept: str
    broken: str


SIGNS, WORDS = Marks("✓", "✗"), Marks("ok", "FAILED")


def marks(encoding: str) -> Marks:
    """Return the signs, or words where this encoding has none: two question marks would look the same."""
    try:
        "".join(SIGNS).encode(encoding)
    except UnicodeEncodeError:
        return WORDS
    return SIGNS


def demo_table(rows: Sequence[Row], expected: int, marked: Marks = SIGNS) -> Table:
    """Draw the checks so far, a line for each client, grouped by vendor."""
    # The columns stand close, and fold: on 60 columns each word has room, and nothing is cut where there is none.
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        title="One token for everybody",
        title_justify="left",
    )
    if len(rows) < expected:
        table.caption = f"{len(rows)} of {expected} so far"
    table.add_column(no_wrap=True)
    for result in rows[0].results:
        table.add_column(result.check, overflow="fold")
    vendor = ""
    for row in rows:
        if row.vendor != vendor:
            vendor = row.vendor
            table.add_row(Text(vendor, style="bold"))
        table.add_row(f"  {row.client}", *(_result(result, marked) for result in row.results))
    return table


def demo_verdict(rows: Sequence[Row], seconds: float, marked: Marks = SIGNS) -> Group:
    """Say how it went, and why where it went wrong."""
    failures = [
        Text(f"{marked.broken} {row.vendor}, {row.client}, {result.check}: {result.why}", style="red")
        for row in rows
        for result in row.results
        if result.why
    ]
    results = [result for row in rows for result in row.results]
    kept = f"{len(results) - len(failures)} of {len(results)} promises kept"
    calls = sum(result.api_requests for result in results)
    requested = tokens(sum(result.token_requests for result in results))
    return Group(
        *failures,
        Text.assemble(
            (kept, "bold red" if failures else "bold green"),
            f" in {seconds:.1f} s: {calls} API calls, {requested}.",
        ),
    )


def tokens(count: int) -> str:
    """Say how many tokens were requested."""
    return "1 token" if count == 1 else f"{count} tokens"


def _result(result: Result, marked: Marks) -> Text:
    if result.why:
        return Text(f"{marked.broken} {result.shown}", style="red")
    return Text.assemble((f"{marked.kept} ", "green"), result.shown)


def sandbox_table(grants: Mapping[str, Grant]) -> Group:
    """Write where each vendor is played, and the client that is registered everywhere.

    As lines, and not as a table: a terminal may wrap an address, but it stays in one piece for whoever copies it.
    """
    facts = [fact for vendor, grant in grants.items() for fact in _played(vendor, grant)]
    facts += _client_of(grants.values())
    names, kinds = (max(len(fact[column]) for fact in facts) for column in (0, 1))
    lines = (
        Text.assemble((f"{vendor:<{names}}", "bold"), f"  {what:<{kinds}}  {value}") for vendor, what, value in facts
    )
    return Group(Text("Sandbox\n", style="italic"), *lines)


def _client_of(grants: Collection[Grant]) -> Iterator[tuple[str, str, str]]:
    """Return the client of those vendors that name no other, with whom it is for."""
    usual = [grant for grant in grants if grant.client_id == SANDBOX_CLIENT["client_id"]]
    heading = "all others" if len(usual) < len(grants) else "all of them" if usual[1:] else ""
    if usual:
        yield heading, "client_id", SANDBOX_CLIENT["client_id"]
    if any(grant.client_secret for grant in usual):
        yield "", "client_secret", SANDBOX_CLIENT["client_secret"]


def sandbox_facts(grants: Mapping[str, Grant]) -> dict[str, dict[str, str | None]]:
    """Return the same for programs. The secret is that of every sandbox, and no secret."""
    return {
        vendor: {
            "token_endpoint": token_endpoint(grant),
            "api": base_url(grant) or None,
            "client_id": grant.client_id,
            "client_secret": SANDBOX_CLIENT["client_secret"] if grant.client_secret else None,
        }
        for vendor, grant in grants.items()
    }


def _played(vendor: str, grant: Grant) -> Iterator[tuple[str, str, str]]:
    yield vendor, "token endpoint", token_endpoint(grant)
    yield "", "API", base_url(grant)
    if isinstance(grant, AuthorizationCode):
        login = {"authorization endpoint": grant.authorization_endpoint, "refresh token": grant.refresh_token}
        yield from (("", what, value) for what, value in login.items() if value)
    if grant.client_id not in {None, SANDBOX_CLIENT["client_id"]}:
        yield "", "client_id", str(grant.client_id)


def request_line(record: Record) -> Text:
    """Draw one request that the sandbox answered, its secrets masked by the sandbox."""
    credentials = record.shown_headers.get("Authorization", "")
    style = "red" if record.status >= 400 else "green"
    return Text.assemble(
        f"{record.vendor.replace('_', '-'):<10} ",
        (f"{record.status}", style),
        f" {record.method:<4} {record.path}",
        (f"  {credentials}  {record.shown_body}".rstrip(), "dim"),
    )

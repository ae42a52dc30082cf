"""All presets as a table, on the terminal and in docs/vendors.md: read off the grants that they make."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table

from oauth_cc_auth import AuthorizationCode, ClientCredentials, ConfigurationError, Discovery, StaticToken, presets

Grant = ClientCredentials | AuthorizationCode | StaticToken

# What stands for a word that only the user knows, as a tenant; it fits in a host name, and is shown in braces.
_PLACEHOLDER = "your-{}"
_HOLDING_PLACE = re.compile(r"your-([a-z0-9]+(?:-[a-z0-9]+)*)")

_CREDENTIALS = frozenset({"client_id", "client_secret"})

_HEAD = ("preset", "vendor", "token endpoint", "the client proves itself by", "the token goes to", "habits")


@dataclass(frozen=True)
class Entry:
    """One preset: what it is called with, and what its grant says."""

    name: str
    vendor: str
    words: tuple[str, ...]
    token_endpoint: str
    authentication: str
    api: str
    habits: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def call(self) -> str:
        """How it is written, with the words that have no default."""
        return f"{self.name}({', '.join(f'{word}=' for word in self.words)})"

    @property
    def cells(self) -> tuple[str, ...]:
        """What the table shows of it."""
        return (self.call, self.vendor, self.token_endpoint, self.authentication, self.api, ", ".join(self.habits))


def catalogue() -> tuple[list[Entry], list[str]]:
    """Return an entry for each preset, and what is wrong with those of other packages that cannot be loaded."""
    read = [_entry(name) for name in presets.names()]
    return [entry for entry in read if isinstance(entry, Entry)], [what for what in read if isinstance(what, str)]


def terminal_table(entries: Sequence[Entry]) -> Table:
    """Draw the catalogue for a terminal, as much of it as is read at a glance."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown = [_HEAD.index(title) for title in ("preset", "vendor", "the token goes to", "habits")]
    for column in shown:
        table.add_column(_HEAD[column], overflow="fold")
    for entry in entries:
        table.add_row(*(entry.cells[column] for column in shown))
    return table


def markdown(entries: Sequence[Entry]) -> Iterator[str]:
    """Return the catalogue as lines of Markdown, with the pages where the facts were read."""
    yield f"| {' | '.join((*_HEAD, 'read at'))} |"
    yield f"|{' --- |' * (len(_HEAD) + 1)}"
    for entry in entries:
        call, *rest = entry.cells
        links = " ".join(f"[{number}]({url})" for number, url in enumerate(entry.sources, 1))
        yield f"| `{call}` | {' | '.join(rest)} | {links} |"


def _entry(name: str) -> Entry | str:
    try:
        preset = presets.get(name)
        grant, words = _example(name, preset, {})
    except ConfigurationError as error:
        return f"{name}: {error}"
    module = inspect.getdoc(sys.modules[preset.__module__]) or ""
    endpoint, authentication = _asking(grant)
    return Entry(
        name=name,
        vendor=re.split(r"[,:]|\.(?=\s)", module, maxsplit=1)[0],
        words=words,
        token_endpoint=_shown(endpoint),
        authentication=authentication,
        api=_shown(_api(grant)),
        habits=tuple(_habits(grant)),
        sources=tuple(url.rstrip(".,") for url in re.findall(r"https://[^\s)]+", module)),
    )


def _example(name: str, preset: presets.Preset, words: dict[str, str]) -> tuple[Grant, tuple[str, ...]]:
    """Make a grant as somebody would who knows nothing: each word that is missing is named by the preset itself."""
    try:
        grant = preset(**words)
    except ConfigurationError as error:
        takes = inspect.signature(preset).parameters
        missing = [word for word in takes if error.variable and error.variable.endswith(f"_{word.upper()}")]
        if not missing or set(missing) & set(words):
            raise
        held = _PLACEHOLDER.format(missing[0].replace("_", "-"))
        return _example(name, preset, {**words, missing[0]: f"https://{held}" if held.endswith("url") else held})
    return grant, tuple(word for word in words if word not in _CREDENTIALS)


def _shown(text: str) -> str:
    shown = _HOLDING_PLACE.sub(lambda found: f"{{{found[1].replace('-', '_')}}}", text)
    return shown.replace("https://{base_url}", "{base_url}")


def _api(grant: Grant) -> str:
    server = grant.resource_server
    if server is not None and server.base_url_of is not None:
        return "where the token's answer says"
    return (server and server.base_url) or "any https origin"


def _asking(grant: Grant) -> tuple[str, str]:
    if isinstance(grant, StaticToken):
        return "", "a token made by hand"
    endpoint, method = grant.token_endpoint, grant.token_endpoint_auth_method
    name = method if isinstance(method, str) else "private_key_jwt" if hasattr(method, "alg") else "headers of its own"
    return f"named by {endpoint.url}" if isinstance(endpoint, Discovery) else endpoint, name


def _habits(grant: Grant) -> Iterator[str]:
    if isinstance(grant, StaticToken):
        return
    form = grant.token_request
    if isinstance(grant, AuthorizationCode):
        yield "a user logs in"
    elif grant.grant_type != "client_credentials":
        yield f"grant_type {grant.grant_type or 'is not sent'}"
    if form.method == "GET":
        yield "GET"
    if form.body != "form":
        yield "JSON" if form.body else "parameters in the query"
    if form.query:
        yield f"{', '.join(form.query)} in the query"
    yield from (f"{name} is called {other}" for name, other in form.names.items() if other)
    if form.scope_separator != " ":
        yield f"scopes joined by {form.scope_separator!r}"
    if grant.issuance_limit:
        yield f"at most {grant.issuance_limit.count} tokens in {grant.issuance_limit.seconds:,.0f} s"
    if grant.revocation_endpoint:
        yield "revocation"
    yield from _habits_of_the_api(grant)


def _habits_of_the_api(grant: Grant) -> Iterator[str]:
    server = grant.resource_server
    if server is None:
        return
    if (server.header, server.scheme) != ("Authorization", "Bearer"):
        yield f"token in {server.header}" + ("" if server.scheme else ", alone")
    if server.renew_on != {401}:
        yield f"renewed on {', '.join(map(str, sorted(server.renew_on)))}"
    yield from (f"header {name}" for name in server.headers)

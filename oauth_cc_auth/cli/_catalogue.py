"""All presets, read off the grants that they make: a table on the terminal and in docs/vendors.md, lines in a pipe."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from oauth_cc_auth import ConfigurationError, OAuthError, presets
from oauth_cc_auth.cli._habits import asking, habits
from oauth_cc_auth.cli._vendors import example, named
from oauth_cc_auth.cli._words import Preset, choices_of, is_credential
from oauth_cc_auth.presets._environment import one_at_a_time
from oauth_cc_auth.presets._played import PLACEHOLDER, placeholder

if TYPE_CHECKING:
    from rich.table import Table

    from oauth_cc_auth._grant.grant import Grant

# It is shown in braces.
_HOLDING_PLACE = re.compile(PLACEHOLDER.format(r"([a-z0-9]+(?:-[a-z0-9]+)*)"))

_CREDENTIALS = frozenset({"client_id", "client_secret"})

_HEAD = ("preset", "vendor", "token endpoint", "the client proves itself by", "the token goes to", "worth knowing")


@dataclass(frozen=True)
class Entry:
    """One preset: what it is called with, and what its grant says."""

    name: str
    file: str
    vendor: str
    words: tuple[str, ...]
    variables: tuple[str, ...]
    optional_variables: tuple[str, ...]
    also_read: Mapping[str, tuple[str, ...]]
    options: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]]
    token_endpoint: str
    authentication: str
    api: str
    origins: tuple[str, ...]
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

    def with_others(self, variable: str) -> str:
        """Return a variable with those that count where it is not set."""
        return ", else ".join((variable, *self.also_read.get(variable, ())))

    def with_choices(self, variable: str) -> str:
        """Return a variable with what it may be, where that is one of few values: the default, then the others."""
        default, *others = self.choices.get(variable, ("",))
        return (
            f"{self.with_others(variable)}: {', '.join((f'{default} (default)', *others))}"
            if others
            else self.with_others(variable)
        )

    @property
    def wire(self) -> Iterator[tuple[str, str]]:
        """What its requests look like, each fact with what it is."""
        yield from zip(_HEAD[2:5], self.cells[2:5], strict=True)
        yield from (("and to", origin) for origin in self.origins)
        yield from (("worth knowing", habit) for habit in self.habits)

    @property
    def facts(self) -> Iterator[tuple[str, str]]:
        """What its grant says and its arguments are, each with what it is."""
        yield from zip(_HEAD[1:5], self.cells[1:5], strict=True)
        yield from (("reads", self.with_others(variable)) for variable in self.variables)
        yield from (("reads, if it is set", self.with_choices(variable)) for variable in self.optional_variables)
        yield "options for -o", ", ".join(self.options)
        yield from (("and to", origin) for origin in self.origins)
        yield from (("worth knowing", habit) for habit in self.habits)


def catalogue(names: Sequence[str] | None = None) -> tuple[list[Entry], list[str]]:
    """Return an entry for each preset, and what is wrong with those of other packages that do not work."""
    wanted = presets.names() if names is None else names
    for name in wanted:
        with suppress(OAuthError):
            presets.get(name)  # the file of another package's may need the environment when it is imported
    with _nothing_set(), one_at_a_time():
        read = [_entry(name) for name in wanted]
    return [entry for entry in read if isinstance(entry, Entry)], [what for what in read if isinstance(what, str)]


def meant_by(name: str) -> list[str]:
    """Return the preset of this name and those that it begins: for `okta`, both of Okta. Raises ConfigurationError."""
    plain = name.lower().replace("-", "_")
    found = [known for known in presets.names() if known == plain or known.startswith(f"{plain}_")]
    if not found:
        named(name)  # which says what was perhaps meant
    return found


def meant_by_all(words: Sequence[str]) -> tuple[list[str] | None, bool]:
    """Return the presets that these words name or are found in, None for all; and whether that was a search.

    Raises ConfigurationError where nothing is found.
    """
    if not words:
        return None, False
    try:
        return list(dict.fromkeys(name for word in words for name in meant_by(word))), False
    except ConfigurationError:
        texts = {name: _searched(name) for name in presets.names()}
        found = [name for name, text in texts.items() if all(word.lower() in text for word in words)]
        if not found:
            raise
        return found, True


def as_dict(entry: Entry) -> dict[str, object]:
    """Return everything about a preset, for `--json`; `elsewhere` has null for what an argument leaves as it is."""
    names = ("argument", "token_endpoint", "api")
    others = (dict(zip(names, (text or None for text in place), strict=True)) for place in elsewhere(entry))
    return {**asdict(entry), "elsewhere": list(others)}


def _searched(name: str) -> str:
    """Return the text in which a search looks: the preset's name, and what its file says of the vendor."""
    try:
        preset = presets.get(name)
    except OAuthError:
        return ""
    file = sys.modules.get(preset.__module__)
    vendor = ((file and inspect.getdoc(file)) or "").partition("\n")[0]
    return f"{name} {vendor}".lower()


def terminal_table(entries: Sequence[Entry]) -> Table:
    """Draw the catalogue for a terminal, as much of it as is read at a glance; a name is there to be copied."""
    from rich import box  # noqa: PLC0415 - slow to load, and a pipe needs no table
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("preset", no_wrap=True)
    table.add_column("vendor")
    table.add_column("the token goes to", overflow="fold", min_width=17)
    for entry in entries:
        table.add_row(entry.name, entry.vendor, entry.api)
    return table


def lines(entries: Sequence[Entry]) -> Iterator[str]:
    """Return a line for each preset, for other programs: its name, and what the columns of the docs say."""
    for entry in entries:
        yield "\t".join((entry.name, *entry.cells[1:]))


def described(entries: Sequence[Entry]) -> Iterator[str]:
    """Return everything about each preset, one fact a line."""
    for number, entry in enumerate(entries):
        yield ("\n" if number else "") + entry.call
        yield from (f"  {what:<28} {fact}" for what, fact in _facts(entry) if fact)


def _facts(entry: Entry) -> Iterator[tuple[str, str]]:
    yield from entry.facts
    for argument, endpoint, api in elsewhere(entry):
        places = ((_HEAD[2], endpoint), (_HEAD[4], api))
        yield from ((f"with {argument}", f"{what} {place}") for what, place in places if place)
    yield from (("source", url) for url in entry.sources)


def markdown(entries: Sequence[Entry]) -> Iterator[str]:
    """Return the catalogue as lines of Markdown, each preset with its vendor: a phone shows it without scrolling."""
    yield "| preset | vendor |"
    yield "| --- | --- |"
    own = set(presets.__all__)
    for entry in entries:
        # A preset of another package has no page here.
        name = f"[`{entry.name}`](vendors/{entry.file}.md)" if entry.name in own else f"`{entry.name}`"
        yield f"| {name} | {entry.vendor} |"


def _entry(name: str) -> Entry | str:
    try:
        preset = presets.get(name)
        grant, asked = example(preset)
        stand_for = presets.variables_of(name)
    except OAuthError as error:
        return f"{name}: {' '.join(str(error).split())}"
    file = sys.modules.get(preset.__module__)
    module = (file and inspect.getdoc(file)) or ""
    endpoint, authentication = asking(grant)
    return Entry(
        name=name,
        file=preset.__module__.rpartition("._")[2],
        vendor=" ".join(re.split(r"[,:]|\.(?=\s|$)", module, maxsplit=1)[0].split()),
        words=tuple(word for word in asked if word not in _CREDENTIALS),
        variables=tuple(name or stand_for[word][0] for word, name in asked.items() if name or word in stand_for),
        optional_variables=tuple(names[0] for word, names in stand_for.items() if word not in asked),
        also_read=dict(_beside(asked, stand_for)),
        options=tuple(word for word in stand_for if not is_credential(word)),
        choices={stand_for[word][0]: tuple(values) for word, values in choices_of(preset).items() if word in stand_for},
        token_endpoint=_shown(endpoint),
        authentication=authentication,
        api=_shown(_api(grant)),
        origins=tuple(map(_shown, _further_origins(grant))),
        habits=tuple(habits(grant)),
        sources=tuple(url.rstrip(".,") for url in re.findall(r"https://[^\s)]+", module)),
    )


@contextmanager
def _nothing_set() -> Iterator[None]:
    """Empty the environment: what is the user's own is named, and not shown."""
    kept = dict(os.environ)
    os.environ.clear()
    try:
        yield
    finally:
        os.environ.update(kept)


def _beside(
    asked: Mapping[str, str | None], stand_for: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return, for the variable that is named for each argument, the others that do as well."""
    for word, names in stand_for.items():
        first = asked.get(word) or names[0]
        yield first, tuple(name for name in names if name != first)


def _shown(text: str) -> str:
    shown = _HOLDING_PLACE.sub(lambda found: f"{{{found[1].replace('-', '_')}}}", text)
    return shown.replace("https://{base_url}", "{base_url}")


def elsewhere(entry: Entry) -> list[tuple[str, str, str]]:
    """Return what leads to other hosts: an argument with its value, the token endpoint, and where the token goes then.

    So a test environment, a region, or a host of one's own. What stays as it is without the argument is empty.
    """
    preset = presets.get(entry.name)
    with _nothing_set(), one_at_a_time():
        usual, found = _places(example(preset)[0]), []
        for word, value in _other_values(preset, entry):
            with suppress(OAuthError):  # it may want a text of a certain kind
                places = _places(example(partial(preset, **{word: value}))[0])
                if places != usual:
                    endpoint, api = ("" if new == old else new for new, old in zip(places, usual, strict=True))
                    found.append((f"{word}={value}" if value is True else f'{word}="{_shown(value)}"', endpoint, api))
    return found


def _other_values(preset: Preset, entry: Entry) -> Iterator[tuple[str, Any]]:
    """Return each argument that has a default, with the other values of a choice, or with what stands for any."""
    choices = choices_of(preset)
    for word, parameter in inspect.signature(preset).parameters.items():
        if word in choices:
            yield from ((word, value) for value in choices[word] if value != parameter.default)
        elif word not in _CREDENTIALS and word not in entry.words:
            yield word, True if parameter.default is False else placeholder(word)


def _places(grant: Grant) -> tuple[str, str]:
    return _shown(asking(grant)[0]), ", ".join(map(_shown, (_api(grant), *_further_origins(grant))))


def _api(grant: Grant) -> str:
    server = grant.resource_server
    if server is not None and server.base_url_of is not None:
        return "where the token's answer says"
    named = server and (server.base_url or ", ".join(server.origins))
    return named or "any https origin"


def _further_origins(grant: Grant) -> Collection[str]:
    """Return where the token goes besides what `_api` says."""
    server = grant.resource_server
    return server.origins if server and (server.base_url or server.base_url_of) else ()

"""The docs of the vendors: a table in docs/vendors.md, and a page each, read off the presets themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from textwrap import wrap

from oauth_cc_auth import presets
from oauth_cc_auth.cli._catalogue import Entry, catalogue, elsewhere, markdown
from oauth_cc_auth.cli._words import choices_of

DOCS = Path(__file__).parents[1] / "docs"
FIRST, LAST = "<!-- the table begins -->\n", "<!-- the table ends -->\n"

_WIDTH = 120  # as all docs

# How a vendor's file says in words where its facts are from, where the address of a page alone does not.
_SEEN_IN = "Seen in "


def pages() -> dict[Path, str]:
    """Return what each file that is made here has to hold. Raises ValueError where a preset does not work."""
    entries, broken = catalogue(presets.__all__)
    if broken:
        raise ValueError("\n".join(broken))
    overview = DOCS / "vendors.md"
    before, _, rest = overview.read_text(encoding="utf-8").partition(FIRST)
    made = {overview: f"{before}{FIRST}{_lines(markdown(entries))}{LAST}{rest.partition(LAST)[2]}"}
    for file, several in groupby(sorted(entries, key=lambda entry: (entry.file, entry.name)), lambda entry: entry.file):
        made[DOCS / "vendors" / f"{file}.md"] = _lines(_page(list(several)))
    return made


def write() -> None:
    """Renew the docs, and delete the pages of vendors that are gone."""
    made = pages()
    for old in (DOCS / "vendors").glob("*.md"):
        if old not in made:
            old.unlink()
    for path, content in made.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    readme = DOCS.parent / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(re.sub(r"\d+ presets for \d+ vendors", counted(), text), encoding="utf-8")


def counted() -> str:
    """Say how many presets there are."""
    files = {presets.get(name).__module__ for name in presets.__all__}
    return f"{len(presets.__all__)} presets for {len(files)} vendors"


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _page(entries: Sequence[Entry]) -> Iterator[str]:
    yield f"# {entries[0].vendor}"
    for entry in entries:
        yield from _preset(entry)
    yield from ("", "## Sources", "")
    module = inspect.getdoc(inspect.getmodule(inspect.unwrap(presets.get(entries[0].name)))) or ""
    for paragraph in module.split("\n\n"):
        if paragraph.startswith(_SEEN_IN):
            linked = re.sub(r"https://[^\s,]*[^\s.,]", r"<\g<0>>", paragraph)
            yield from (*wrap(linked, _WIDTH, break_on_hyphens=False, break_long_words=False), "")
    yield from (f"- <{url}>" for url in entries[0].sources)
    yield from ("", "Made by `make docs` from the preset. [All vendors](../vendors.md)")


def _preset(entry: Entry) -> Iterator[str]:
    preset = presets.get(entry.name)
    yield from ("", f"## `{entry.name}`")
    for paragraph in (inspect.getdoc(preset) or "").split("\n\n"):
        yield ""
        yield from wrap(paragraph.replace("``", "`"), _WIDTH, break_on_hyphens=False, break_long_words=False)
    yield from (
        "",
        "```python",
        *_example(entry),
        "```",
        "",
        "Arguments, and the environment variables that stand for them:",
        "",
    )
    yield from _arguments(entry, presets.variables_of(entry.name))
    yield from ("", "What goes over the wire:", "")
    for what, fact in entry.wire:
        if fact:
            yield f"- {_code(fact)}" if what == "worth knowing" else f"- {what}: {_code(fact)}"
    if others := elsewhere(entry):
        yield from ("", "Other hosts, by argument:", "")
    for argument, endpoint, api in others:
        places = (("token endpoint", endpoint), ("the token goes to", api))
        yield f"- `{argument}`: {'; '.join(f'{what} {_code(fact)}' for what, fact in places if fact)}"


def _example(entry: Entry) -> Iterator[str]:
    yield "import requests"
    yield from ("from oauth_cc_auth import RequestsAuth, presets", "")
    words = ", ".join(f'{word}="…"' for word in entry.words)
    call = f"presets.{entry.name}({words})"
    in_one_line = f"auth = RequestsAuth({call})"
    # As ruff breaks it, which formats the examples of the docs too.
    yield from (in_one_line,) if len(in_one_line) <= _WIDTH else ("auth = RequestsAuth(", f"    {call}", ")")
    path = presets.probe_of(entry.name) or "/…"
    if entry.api.startswith("https://") and not {"{", "*", ","} & set(entry.api):
        yield f'requests.get("{entry.api}{path}", auth=auth, timeout=10)'
    elif "*" not in entry.api:  # the host is the tenant's, or comes with the token
        yield f'requests.get(auth.source.url("{path}"), auth=auth, timeout=10)'
    else:
        yield 'requests.get("https://…", auth=auth, timeout=10)'


def _arguments(entry: Entry, variables: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    preset = presets.get(entry.name)
    for argument, parameter in inspect.signature(preset).parameters.items():
        names = ", else ".join(f"`{name}`" for name in variables.get(argument, ()))
        default = "" if parameter.default in (None, parameter.empty) else f", by default `{parameter.default}`"
        if values := choices_of(preset).get(argument):
            default += f"; one of {', '.join(f'`{value}`' for value in values)}"
        yield f"- `{argument}`: {names}{default}" if names else f"- `{argument}`{default}"


def _code(fact: str) -> str:
    """Set addresses and names in the type of code, so that no reader's browser makes links of templates."""
    return re.sub(r"(?<![`\w{])(https://[^\s,]+|\{[a-z_]+\}|[a-z]+(?:_[a-z]+)+|X-[\w-]+)", r"`\1`", fact)

"""What the site needs beyond Sphinx.

A link to a file of the repository that is no page of the site becomes the file's path. A page that the start page does
not list is listed there all the same. In a docstring an indented block is an example.
"""

from __future__ import annotations

import os
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\[([^\]]*)\]\(((?:\.\./)+[^)#\s]+)(#[^)\s]*)?\)")
# Pages of the site that stand at the root of the repository, and the page that includes each.
PAGES = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md"}


# Where the start page lists what its author did not.
UNLISTED = "<!-- the pages that stand in none of these lists -->"


def _list_all(app: Sphinx, docname: str, source: list[str]) -> None:
    if docname == app.config.root_doc:
        listed = set(re.findall(r"^[\w/-]+$", source[0], re.MULTILINE)) | {docname}
        others = sorted(app.env.found_docs - listed)
        lines = ["```{toctree}", ":hidden:", ":caption: More", *others, "```"] if others else []
        source[0] = source[0].replace(UNLISTED, "\n".join(lines))


def _point(app: Sphinx, docname: str, source: list[str]) -> None:
    folder = (Path(app.srcdir) / docname).parent

    def pointed(link: re.Match[str]) -> str:
        text, target, anchor = link[1], (folder / link[2]).resolve(), link[3] or ""
        if not target.exists():
            return link[0]  # Sphinx says that it is broken
        if target.is_relative_to(app.srcdir):
            return link[0]
        name = target.relative_to(ROOT).as_posix()
        if name in PAGES:
            return f"[{text}]({os.path.relpath(Path(app.srcdir) / PAGES[name], folder)}{anchor})"
        return f"{text} (`{name}`)" if name not in text else f"`{name}`"

    source[0] = LINK.sub(pointed, source[0])


def _show_examples(_: Sphinx, __: str, ___: str, ____: object, _____: object, lines: list[str]) -> None:
    # An indented block after a paragraph is code, also where the paragraph does not end in two colons.
    for number in range(len(lines) - 2):
        text, blank, example = lines[number : number + 3]
        listed = text.lstrip().startswith(("-", "*", ".. "))
        if text and not text.startswith(" ") and not listed and not blank and example.startswith("    "):
            lines[number] = text.rstrip(":") + "::" if not text.endswith(".") else text + " ::"


def _list_fields(_: Sphinx, __: str, ___: str, what: object, _____: object, lines: list[str]) -> None:
    # A class's docstring says one thing of each field, on a line that begins with its name.
    names = {field.name for field in fields(what)} if isinstance(what, type) and is_dataclass(what) else set()
    listed, inside = [], False
    for line in lines:
        name, colon, _text = line.partition(": ")
        if colon and name in names:
            listed += [] if inside else [""]
            listed.append(f"- ``{name}``: {_text}")
            inside = True
        else:
            inside = inside and bool(line)
            listed.append(f"  {line}" if inside else line)
    lines[:] = listed


def setup(app: Sphinx) -> dict[str, bool]:
    """Have each page and each docstring changed before it is read."""
    app.connect("source-read", _list_all)
    app.connect("source-read", _point)
    app.connect("autodoc-process-docstring", _list_fields)
    app.connect("autodoc-process-docstring", _show_examples)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

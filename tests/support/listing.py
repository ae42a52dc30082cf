"""The listing in CONTRIBUTING.md: one line for each file of the package, made of its docstring; `make listing` renews
it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- the listing begins -->\n", "<!-- the listing ends -->"

# Folders with a file for each vendor: one line stands for those, so that a new vendor changes nothing here.
PRESETS, PLAYED = "oauth_cc_auth/presets", "oauth_cc_auth/sandbox/vendors"
EACH_VENDOR = {
    PRESETS: "each vendor, as its own pages describe it to a client: endpoints, proof, origins, oddities",
    PLAYED: "where a vendor is odd: how its servers behave, so that a wrong preset is refused",
}
# What a folder of tests is for.
TESTS = {
    "cli": "the command line, in processes of its own, and the pages that a browser shows",
    "discovery": "how the authorization server is found, and what is taken from its metadata",
    "doors": "each auth class: one shared suite, a promise once for each HTTP library",
    "federation": "assertions of other issuers, against servers on loopback that check every claim",
    "interop": "other people's servers and libraries; apart, by `make interop`",
    "life": "token sources: how tokens are requested, shared, renewed and kept, with a clock that is handed in",
    "login": "what a user's login needs beyond that",
    "package": "the package as a whole: imports, README, this listing",
    "sandbox": "the sandbox, asked by hand",
    "stores": "each store, and processes that share one",
    "support": "what several tests use: doors, servers, clocks, vendors on a stage",
    "typing": "what type checkers must know of the public names, checked and never run",
    "values": "values and decisions, without I/O",
    "vendors": "each preset, against its pin and the sandbox; `pins` has what vendors' pages say",
}


def sentence(path: Path) -> str:
    """Return the first sentence of a file's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(docstring.partition("\n\n")[0].replace("``", "`").split())
    return re.split(r"(?<=\.) (?=[A-Z`])", paragraph)[0].removesuffix(".")


def lines(folder: Path, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Return what stands in a folder, as names with their sentences."""
    indent = "  " * depth
    yield f"{indent}{folder.name}/", sentence(folder / "__init__.py")
    files = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    others = [path for path in files if not is_a_vendor(path)]
    if others != files:
        yield f"{indent}  _VENDOR.py", EACH_VENDOR[folder.relative_to(ROOT).as_posix()]
    for path in others:
        yield f"{indent}  {path.name}", sentence(path)
    for inner in sorted(path.parent for path in folder.glob("*/__init__.py")):
        yield from lines(inner, depth + 1)


def is_a_vendor(path: Path) -> bool:
    """Tell whether a file has the facts of a vendor; a preset's says where they were read."""
    folder = path.parent.relative_to(ROOT).as_posix()
    read_at = folder == PRESETS and "https://" in path.read_text(encoding="utf-8").split('"""')[1]
    return read_at or folder == PLAYED


def listing() -> str:
    """Return the listing as it should be now."""
    entries = [*lines(ROOT / "oauth_cc_auth"), ("tests/", sentence(ROOT / "tests" / "conftest.py"))]
    folders = sorted(path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and list(path.glob("*.py")))
    entries += [(f"  {name}/", TESTS[name]) for name in folders]
    width = max(len(name) for name, _ in entries) + 2
    return "```\n" + "".join(f"{name:{width}}{text}\n" for name, text in entries) + "```\n"


def renewed(page: str) -> str:
    """Return the page with the listing as it should be."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + listing() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

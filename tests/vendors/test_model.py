"""docs/model.md's table: each thing that vendors want has a row that is true, and a test that names it."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import NamedTuple

import oauth_cc_auth
from oauth_cc_auth import presets

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "model.md").read_text(encoding="utf-8")

# What vendors were found to want, by number. Of these, 24 (answers that are no JSON) is not offered.
LINES = range(1, 46)
NOT_OFFERED = {24}


class Row(NamedTuple):
    """A row of the table."""

    line: int
    what: str
    how: str
    needed_by: str


ROWS = [
    Row(int(number), *cells)
    for number, *cells in re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
]
CALLS = [code for row in ROWS for code in re.findall(r"`([A-Z]\w+\([^`]*\))`", row.how)]


def docstrings() -> list[str]:
    """Return the docstrings of all tests that name a line."""
    texts = [path.read_text(encoding="utf-8") for path in TESTS.glob("*/test_*.py")]
    files = [ast.parse(text) for text in texts if re.search(r'"""Lines? \d', text)]  # to parse them all takes seconds
    functions = [node for file in files for node in ast.walk(file) if isinstance(node, ast.FunctionDef)]
    return [ast.get_docstring(node) or "" for node in functions if node.name.startswith("test_")]


def test_every_line_has_a_row() -> None:
    """The table has each line once, in order."""
    assert [row.line for row in ROWS] == list(LINES)
    assert {row.line for row in ROWS if "not offered" in row.how} == NOT_OFFERED


def test_every_preset_in_a_row_exists() -> None:
    """What a row names as a preset is one, and no row is without."""
    named = {row.line: re.findall(r"`([^`]+)`", row.needed_by) for row in ROWS}
    assert {name for names in named.values() for name in names} - set(presets.names()) == set()
    assert all(named.values())


def test_what_a_row_says_can_be_said() -> None:
    """Each call in the table is one of a public name, with arguments that it has."""
    for code in CALLS:
        call = ast.parse(code, mode="eval").body
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Name)
        takes = inspect.signature(getattr(oauth_cc_auth, call.func.id)).parameters
        assert {str(argument.arg) for argument in call.keywords} <= set(takes)


def test_every_line_is_tested_by_name() -> None:
    """For each line some test says first that it stands for it, and for which vendor."""
    tested = {
        int(number)
        for promise in docstrings()
        for lines in re.findall(r"\ALines? ((?:\d+(?:, | and )?)+), [A-Z0-9]", promise)
        for number in re.findall(r"\d+", lines)
    }
    assert set(LINES) - tested == set()
    assert tested <= set(LINES)

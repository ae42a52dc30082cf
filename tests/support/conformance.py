"""Writes docs/conformance.md from the list of requirements and the markers on the tests: ``python conformance.py``."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from requirements import NOT_DONE, NOT_OURS, NOTES, REQUIREMENTS, RFCS, Requirement

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "conformance.md"
BEGIN, END = "<!-- the tables begin -->\n", "<!-- the tables end -->\n"


def marked(tests: Path = ROOT / "tests") -> Iterator[tuple[str, str, str]]:
    """Return each marker's requirement, with the file and the name of its test; nothing is imported."""
    for path in sorted(tests.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        # To parse them all takes seconds, and most have no marker.
        for node in ast.walk(ast.parse(text if "mark.requirement(" in text else "")):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
                for key in _keys(node):
                    yield key, path.relative_to(ROOT).as_posix(), node.name


def _keys(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in test.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.requirement":
            yield from (str(ast.literal_eval(argument)) for argument in decorator.args)


def tables() -> str:
    """Return a table for each RFC."""
    tests: dict[str, list[str]] = defaultdict(list)
    for key, path, name in marked():
        tests[key].append(f"[{name.removeprefix('test_').replace('_', ' ')}](../{path})")
    parts = []
    for rfc, title in RFCS.items():
        rows = [
            f"| {each.section} | {each.level} | {each.text} | {_kept(each, tests[each.key])} |"
            for each in REQUIREMENTS
            if each.key.startswith(rfc)
        ]
        head = f"## [RFC {rfc}](https://www.rfc-editor.org/rfc/rfc{rfc}): {title}\n\n"
        parts.append(
            head + "| section | level | a client is to | test |\n| --- | --- | --- | --- |\n" + "\n".join(rows)
        )
    return "\n\n".join(parts) + "\n"


def _kept(requirement: Requirement, tests: list[str]) -> str:
    key = requirement.key
    if key in NOT_DONE:
        return f"not done: {NOT_DONE[key]}"
    if key in NOT_OURS:
        return f"not ours: {NOT_OURS[key]}"
    return "; ".join([", ".join(tests), *([NOTES[key]] if key in NOTES else [])])


def renewed(page: str) -> str:
    """Return the page with its tables as they should be."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + tables() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

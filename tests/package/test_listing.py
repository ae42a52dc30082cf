"""Tests of the listing in CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path

import listing
import pytest


def test_the_listing_is_current() -> None:
    """Each file of the package stands there with what its docstring says; `make listing` renews it."""
    page = listing.PAGE.read_text(encoding="utf-8")
    assert page == listing.renewed(page)


def test_every_file_says_what_it_is_for() -> None:
    """Each line has a sentence, and no two files claim the same."""
    told = [text for name, text in listing.lines(listing.ROOT / "oauth_cc_auth") if "_VENDOR" not in name]
    assert all(told)
    assert len(set(told)) == len(told)


def test_every_sentence_names_its_actor() -> None:
    """None begins or goes on with a "who", a "whoever" or a "somebody": a reader must know which caller or server."""
    vague = re.compile(r"\b(who|whoever|whom|somebody|anybody|nobody|everybody)\b", re.IGNORECASE)
    told = [text for name, text in listing.lines(listing.ROOT / "oauth_cc_auth") if "_VENDOR" not in name]
    assert [text for text in told if text and vague.search(text)] == []


def test_every_file_is_short() -> None:
    """300 lines at most, but for the presets' generated list."""
    files = (listing.ROOT / "oauth_cc_auth").rglob("*.py")
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert [
        path for path, count in lengths.items() if count > 300 and path.parts[-2:] != ("presets", "__init__.py")
    ] == []


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("One thing.", "One thing"),
        ("One thing, over\ntwo lines: more. And another.", "One thing, over two lines: more"),
        ("A version, 3.10 or newer (RFC 6749 §4.4).\n\nMore.", "A version, 3.10 or newer (RFC 6749 §4.4)"),
    ],
)
def test_a_line_is_the_first_sentence(docstring: str, expected: str, tmp_path: Path) -> None:
    """However long the docstring is."""
    path = tmp_path / "module.py"
    path.write_text(f'"""{docstring}"""\n', encoding="utf-8")
    assert listing.sentence(path) == expected

"""Tests of the listing in CONTRIBUTING.md."""

from __future__ import annotations

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

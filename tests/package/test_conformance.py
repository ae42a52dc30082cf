"""Tests of docs/conformance.md: made from markers on the tests, so that it says what is tested and nothing else."""

from __future__ import annotations

from collections import Counter

import conformance
from requirements import NOT_DONE, NOT_OURS, NOTES, REQUIREMENTS, RFCS

KEYS = {each.key for each in REQUIREMENTS}


def test_the_page_is_current() -> None:
    """The page has the tables as they are made now; `make docs` renews it."""
    page = conformance.PAGE.read_text(encoding="utf-8")
    assert page == conformance.renewed(page)


def test_each_requirement_has_a_test_or_a_reason() -> None:
    """A MUST has a test. A SHOULD has one too, or the page says why not; no marker names what is not listed."""
    tested = {key for key, _, _ in conformance.marked()}
    assert tested <= KEYS, f"unknown: {tested - KEYS}"
    assert KEYS - tested == NOT_DONE.keys() | NOT_OURS.keys()
    assert not NOT_DONE.keys() & NOT_OURS.keys()
    assert NOTES.keys() <= tested
    assert {each.level for each in REQUIREMENTS if each.key not in tested} == {"SHOULD"}


def test_the_list_is_well_formed() -> None:
    """Each requirement is listed once, under an RFC of the page, as a MUST or a SHOULD."""
    assert max(Counter(each.key for each in REQUIREMENTS).values()) == 1
    assert {each.key.partition("-")[0].removesuffix("bis") for each in REQUIREMENTS} == RFCS.keys()
    assert {each.level for each in REQUIREMENTS} == {"MUST", "SHOULD"}

"""What holds for every test: none sees another's token, the developer's secrets, or the developer's home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from oauth_cc_auth import forget_all, presets

# How many examples a property is tried with. Nothing is kept between runs, and a busy machine is no failure.
settings.register_profile(
    "package", max_examples=int(os.environ.get("OAUTH_CC_AUTH_EXAMPLES", "200")), deadline=None, database=None
)
settings.load_profile("package")


@cache
def read_by_presets() -> frozenset[str]:
    """Return each environment variable that a preset reads."""
    named = (presets.variables_of(name).values() for name in presets.__all__)
    return frozenset(variable for several in named for variables in several for variable in variables)


@pytest.fixture(autouse=True)
def cold_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Start and end with no token in memory, no vendor's variables in the environment, and an empty home."""
    for name in os.environ:
        if name in read_by_presets() or name.startswith("XDG_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    forget_all()
    yield
    forget_all()

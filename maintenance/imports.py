"""The presets as type checkers see them: one line each in ``presets/__init__.py``, read off the vendors' files."""

from __future__ import annotations

from pathlib import Path

from oauth_cc_auth import presets

# What a preset is made with stands between them, by its module.
OF_A_PRESET = "    from oauth_cc_auth.presets._"


def page() -> Path:
    """Return the file that has the lines."""
    return Path(presets.__file__)


def renewed(source: str) -> str:
    """Return the source of the file with the imports as they must be now: sorted, those of the tools included."""
    lines = source.splitlines(keepends=True)
    listed = [line for line in lines if line.startswith(OF_A_PRESET)]
    tools = {line for line in listed if line.split("._")[1].startswith(("credentials", "environment"))}
    made = {f"    from {presets.get(name).__module__} import {name} as {name}\n" for name in presets.__all__}
    first = lines.index(listed[0])
    before, after = lines[:first], [line for line in lines[first:] if not line.startswith(OF_A_PRESET)]
    return "".join([*before, *sorted(tools | made), *after])


def write() -> None:
    """Renew the file where it is out of date."""
    source = page().read_text(encoding="utf-8")
    if source != renewed(source):
        page().write_text(renewed(source), encoding="utf-8")

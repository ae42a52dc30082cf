"""The Python blocks of README and docs as files, for type checkers: ``python tests/support/blocks.py FOLDER``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks() -> dict[str, str]:
    """Return each block of each page, under the page's name and the block's number."""
    return {
        f"{page.name}-{number}": block
        for page in PAGES
        for number, block in enumerate(CODE.findall(page.read_text(encoding="utf-8")))
    }


def modules() -> dict[str, str]:
    """Return the blocks that begin with the name of their file, as ``# acme.py``, by that name: others import them."""
    named = ((re.match(r"# (\w+)\.py\n", block), block) for block in blocks().values())
    return {name[1]: block for name, block in named if name}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.py"):
        old.unlink()
    for name, block in {**blocks(), **modules()}.items():
        (folder / f"{re.sub('[^a-z0-9]', '_', name.lower())}.py").write_text(block, encoding="utf-8")

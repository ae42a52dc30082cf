"""``python -m maintenance.lowest``: the lowest releases that setup.cfg allows, as constraints for pip."""

from __future__ import annotations

import re
import sys
from configparser import ConfigParser
from pathlib import Path

# What we test with may be new: nobody has to install it.
_OURS = frozenset({"test", "interop", "node", "docs", "recipes", "dev", "dist"})


def constraints() -> list[str]:
    """Return a line for each library that a user may have to install."""
    told = ConfigParser()
    told.read(Path(__file__).parents[1] / "setup.cfg", encoding="utf-8")
    texts = [told["options"]["install_requires"]]
    texts += [text for extra, text in told["options.extras_require"].items() if extra not in _OURS]
    found = re.findall(r"^([a-z0-9-]+)>=([0-9.]+)", "\n".join(texts), re.MULTILINE)
    return sorted({f"{name}=={version}" for name, version in found})


if __name__ == "__main__":
    sys.stdout.write("\n".join(constraints()))

"""``python -m maintenance``: renew what is made from the presets."""

from maintenance import imports, pages

imports.write()
pages.write()

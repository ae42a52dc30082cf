"""How `make docs` builds the site: every warning is an error, and a reader's browser loads nothing from elsewhere."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version as version_of
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(Path(__file__).parent))

project = "oauth-cc-auth"
author = "the oauth-cc-auth authors"
project_copyright = "the oauth-cc-auth authors, MIT licence"
release = version = version_of("oauth-cc-auth")

extensions = ["myst_parser", "sphinx.ext.autodoc", "_site"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
nitpicky = False

# Headings get the anchors that a Git host gives them, so that a link works on both.
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_block", "colon_fence", "deflist"]

html_theme = "furo"
html_title = f"oauth-cc-auth {re.sub(r'[^0-9.].*', '', release)}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
# The system's own fonts: the theme asks for no others, and neither do we.
html_theme_options = {"navigation_with_keys": False, "top_of_page_buttons": []}

# A docstring writes names of the code between single backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
python_maximum_signature_line_length = 88
add_module_names = False

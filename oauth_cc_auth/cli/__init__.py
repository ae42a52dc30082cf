"""The command line, with the extra ``cli``: ``oauth-cc-auth demo``, ``sandbox`` and ``token``."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line, or say how to install it."""
    try:
        from oauth_cc_auth.cli._commands import commands  # noqa: PLC0415 - click and rich may not be installed

        commands(prog_name="oauth-cc-auth")
    except ImportError as missing:
        if (missing.name or "").startswith("oauth_cc_auth"):
            raise
        sys.stderr.write(f'The command line lacks a library: pip install "oauth-cc-auth[cli]" ({missing})\n')
        sys.exit(1)
    except KeyboardInterrupt:
        # While the libraries were still being imported; later, click's group answers it.
        sys.exit(130)

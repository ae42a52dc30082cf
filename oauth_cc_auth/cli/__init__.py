"""The command line ``oauth-cc-auth``, with the extra ``cli``."""

from __future__ import annotations

import io
import logging
import os
import sys
from contextlib import suppress

from oauth_cc_auth._text import needs

__all__ = ["main"]


def main() -> None:
    """Run the command line, or say how to install it."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file or a pipe on Windows knows no check mark; a question mark is better than a traceback.
        sys.stdout.reconfigure(errors="replace")
    log = logging.getLogger("oauth_cc_auth")
    log.addFilter(_is_not_raised)  # a command prints the error with which it ends, and nothing twice
    try:
        from oauth_cc_auth.cli._commands import commands  # noqa: PLC0415 - click and rich may not be installed

        commands(prog_name="oauth-cc-auth")
    except ImportError as missing:
        if (missing.name or "").startswith("oauth_cc_auth"):
            raise
        sys.stderr.write(f"{needs('The command line', 'more libraries', 'cli')} ({missing})\n")
        sys.exit(1)
    except KeyboardInterrupt:
        # While the libraries were still being imported; later, click's group answers it.
        sys.exit(130)
    except OSError as error:
        # A disk that is full. What is left in the buffer goes nowhere: Python would try again at its exit, and fail.
        sys.stderr.write(f"Error: {error}\n")
        with suppress(AttributeError, OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    finally:
        log.removeFilter(_is_not_raised)


def _is_not_raised(record: logging.LogRecord) -> bool:
    return getattr(record, "oauth_event", None) not in {"TokenRequestRefused", "BudgetExceeded"}

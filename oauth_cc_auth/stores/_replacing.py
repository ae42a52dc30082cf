"""A file that is replaced as a whole, so that a reader sees the old content or the new, and its folder synced."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

# Windows has other rights, which a home directory there is given by itself, and no user's number.
POSIX = hasattr(os, "geteuid")
# Without O_NONBLOCK, to open a pipe that somebody put there would wait for its other end.
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

# Windows replaces no file that another process has open, as one that reads it has for a moment. Seconds between tries.
_PAUSES = (0.001, 0.004, 0.015, 0.05, 0.1, 0.1, 0.1)


def replace(file: Path, content: bytes) -> None:
    """Put this content into the place of the file's. Raises OSError."""
    # One name for all writers, who exclude each other: what a killed writer left is gone with the next write.
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    try:
        with open(new, "xb", opener=opened_privately) as opened:
            if POSIX:
                os.fchmod(opened.fileno(), 0o600)  # the umask may have taken this user's own rights
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        _put(new, file)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    sync(file.parent)


def _put(new: Path, file: Path) -> None:
    for pause in () if POSIX else _PAUSES:
        with suppress(PermissionError):
            new.replace(file)
            return
        time.sleep(pause)
    new.replace(file)


def sync(folder: Path) -> None:
    """Let a name outlive a power cut, where the system can."""
    # Windows opens no folder, and some file systems sync none: there the content is safe, and its name soon is.
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def opened_privately(path: str, flags: int) -> int:
    """Open a file that is for this user alone."""
    return os.open(path, flags | _FLAGS, 0o600)

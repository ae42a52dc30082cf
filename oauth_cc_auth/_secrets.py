"""Where a client secret comes from when it is not written down: the environment, or a file.

Both are read when a token is requested, and again when the server refuses the secret, so that one that was rotated
meanwhile is found. They are values: equal ones share a token, and neither holds the secret.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from oauth_cc_auth.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Env:
    """A secret in an environment variable. Raises ConfigurationError, naming the variable, where it is not set."""

    name: str

    def __post_init__(self) -> None:
        """Check the name."""
        if not isinstance(self.name, str) or not self.name or "=" in self.name or "\0" in self.name:
            message = "Env: the name is not that of an environment variable"
            raise ConfigurationError(message)

    def __call__(self) -> str:
        """Return the secret as it is now."""
        value = os.environ.get(self.name, "").strip()
        if not value:
            message = f"client_secret: {self.name} is not set in the environment"
            raise ConfigurationError(message)
        return value


@dataclass(frozen=True, slots=True)
class File:
    """A secret in a file of its own, as Kubernetes and Docker mount it; white space around it does not count.

    Raises ConfigurationError, naming the file, where it cannot be read or is empty.
    """

    path: str | os.PathLike[str]

    def __post_init__(self) -> None:
        """Make the path a value of one kind, so that equal ones share."""
        path = os.fspath(self.path) if isinstance(self.path, (str, os.PathLike)) else ""
        if not isinstance(path, str) or not path or "\0" in path:
            message = "File: the path is not that of a file"
            raise ConfigurationError(message)
        object.__setattr__(self, "path", path)

    def __call__(self) -> str:
        """Return the secret as it is now."""
        try:
            value = Path(self.path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            message = f"client_secret: {self.path} cannot be read ({type(error).__name__})"
            # Without the cause: a UnicodeDecodeError holds the file's content.
            raise ConfigurationError(message) from (error if isinstance(error, OSError) else None)
        if not value:
            message = f"client_secret: {self.path} is empty"
            raise ConfigurationError(message)
        return value


# A string, or what returns one; any callable will do.
Secret: TypeAlias = "str | Callable[[], str]"

"""Where a client secret comes from when it is not written down: the environment, or a file.

Both are read when a token is requested, and again when the server refuses the secret, so that one that was rotated
meanwhile is found. They are values: equal ones share a token, and neither holds the secret.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn, TypeAlias

from oauth_cc_auth._frozen import dataclass
from oauth_cc_auth.errors import ConfigurationError

# As much as is read of a token answer; longer keys than any in use are a thousandth of it.
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Env:
    """A secret in an environment variable.

    name: the variable's name. It is read before each token request.

    Raises ConfigurationError, naming the variable, where it is not set.
    """

    name: str

    def __post_init__(self) -> None:
        """Check the name."""
        if not isinstance(self.name, str) or not self.name or "=" in self.name or "\0" in self.name:
            message = "Env: the name is not that of an environment variable, such as Env('ZOOM_CLIENT_SECRET')"
            raise ConfigurationError(message)

    def __call__(self) -> str:
        """Return the secret as it is now."""
        return self.read("client_secret")

    def read(self, argument: str) -> str:
        """Return what the variable holds now; an error names this argument."""
        value = os.environ.get(self.name, "").strip()
        if not value:
            message = f"{argument}: {self.name} is not set in the environment: set it, or name another variable"
            raise ConfigurationError(message)
        return value


@dataclass(frozen=True, slots=True)
class File:
    """A secret in a file of its own, as Kubernetes and Docker mount it; white space around it does not count.

    path: the file's path. It is read before each token request.

    Raises ConfigurationError, naming the file, where it cannot be read, is empty or no text, or longer than 1 MiB.
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
        return self.read("client_secret")

    def read(self, argument: str) -> str:
        """Return what the file holds now; an error names this argument."""
        content = self._content(argument)
        if len(content) > _LONGEST:
            self._refuse(argument, "is longer than 1 MiB, and no secret is")
        value = _text(content)
        if value is None:
            self._refuse(argument, "is not text in UTF-8")
        if not value.strip():
            self._refuse(argument, "is empty")
        return value.strip()

    def _content(self, argument: str) -> bytes:
        try:
            with open(self.path, "rb", opener=_without_waiting) as file:
                return file.read(_LONGEST + 1) or b""  # None: a pipe into which nothing was written yet
        except (OSError, ValueError) as error:
            message = (
                f"{argument}: {self.path} cannot be read ({type(error).__name__}): check the path and who may read it"
            )
            raise ConfigurationError(message) from error

    def _refuse(self, argument: str, why: str) -> NoReturn:
        message = f"{argument}: {self.path} {why}"
        raise ConfigurationError(message)


def _without_waiting(path: str, flags: int) -> int:
    # A named pipe would keep a thread until somebody writes into it. Windows has neither.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _text(content: bytes) -> str | None:
    # The error is not kept, not even as a context: it holds what is in the file.
    try:
        return content.decode("utf-8-sig")  # Windows' editors begin a file with a mark
    except UnicodeDecodeError:
        return None


# A string, or what returns one; any callable will do.
Secret: TypeAlias = str | Callable[[], str]

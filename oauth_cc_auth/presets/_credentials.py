"""What a preset is given, or finds in the environment by a name made from the vendor's: credentials and words."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from oauth_cc_auth.errors import ConfigurationError

S = TypeVar("S", bound="str | Callable[[], str]")
T = TypeVar("T")

# RFC 1123 §2.1. What is put into a URL must not end its host, nor begin a path of its own.
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?"
_HOST = rf"{_LABEL}(\.{_LABEL})*(:[0-9]{{1,5}})?"
_SEGMENT = r"[A-Za-z0-9._~-]+"


def credential(given: S | None, variable: str) -> S | str:
    """Return what was given, or the environment variable. Raises ConfigurationError, naming the variable."""
    if given is not None:
        return given
    value = os.environ.get(variable, "").strip()
    if not value:
        # e.g. VEND_EMAIL_CLIENT_SECRET: the argument is named like the end of the variable.
        message = f"{variable} is not set in the environment: set it, or pass the argument"
        raise ConfigurationError(message, variable=variable)
    return value


def label(given: str | None, variable: str) -> str:
    """Return one label of a host name, as a tenant's. Raises ConfigurationError, naming the variable."""
    return _fitting(_LABEL, "one label of a host name, as LABEL in LABEL.example.com", given, variable)


def host(given: str | None, variable: str) -> str:
    """Return a host name, perhaps with a port. Raises ConfigurationError, naming the variable."""
    return _fitting(_HOST, "a host name such as login.example.com: no https://, no path", given, variable)


def segment(given: str | None, variable: str) -> str:
    """Return one segment of a path, as a tenant's id. Raises ConfigurationError, naming the variable."""
    return _fitting(_SEGMENT, "one segment of a path: letters, digits and -._~", given, variable)


def text(given: str | None, variable: str) -> str:
    """Return a text. Raises ConfigurationError, naming the variable."""
    return _fitting(r"(?s:.*)", "a string", given, variable)


def one_of(choices: Mapping[str, T], given: str, argument: str) -> T:
    """Return what the vendor has under this name. Raises ConfigurationError, naming the argument and the choices."""
    if not isinstance(given, str) or given not in choices:
        message = f"{argument} is none of {', '.join(choices)}"
        raise ConfigurationError(message)
    return choices[given]


def _fitting(pattern: str, what: str, given: str | None, variable: str) -> str:
    value = credential(given, variable)
    if not isinstance(value, str) or not re.fullmatch(pattern, value) or value in {".", ".."}:
        message = f"{variable}, or the argument in its place, is not usable: it must be {what}"
        raise ConfigurationError(message)
    return value

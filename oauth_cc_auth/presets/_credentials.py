"""What a preset is made with: its credentials and options, checked, from an argument or the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from oauth_cc_auth._grant.secret import File
from oauth_cc_auth.errors import ConfigurationError
from oauth_cc_auth.presets._environment import being_read

if TYPE_CHECKING:
    from oauth_cc_auth._grant.assertion import Source

S = TypeVar("S", bound="str | Callable[[], str]")
T = TypeVar("T")

# The token of another issuer: the path of its file, or any other source.
IdentityToken: TypeAlias = "str | os.PathLike[str] | Source"

# RFC 1123 §2.1. What is put into a URL must not end its host, nor begin a path of its own.
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?"
_HOST = rf"{_LABEL}(\.{_LABEL})*(:[0-9]{{1,5}})?"
_SEGMENT = r"[A-Za-z0-9._~-]+"

# What people copy from a browser's address line or a vendor's variable around the name of a host.
_AROUND_A_HOST = r"(?is)(?:https://)?(.*?)(?::443)?/?"


def credential(given: S | None, variable: str) -> S | str:
    """Return the argument, else the value of the environment variable.

    Raises ConfigurationError, naming the variable, where neither is there.
    """
    if given is not None:
        return given
    value = os.environ.get(variable, "").strip()
    reading = being_read()
    if not value:
        # e.g. VEND_EMAIL_CLIENT_SECRET: the argument is named like the end of the variable.
        others = [name for names in reading.names.values() if variable in names for name in names if name != variable]
        instead = f" (or {' or '.join(others)})" if others else ""
        message = f"{variable} is not set in the environment: set it{instead}, or pass the argument"
        raise ConfigurationError(message, variable=variable)
    reading.found[variable] = None
    return value


def identity_token(given: IdentityToken | None, variable: str) -> Source:
    """Return where the token of another issuer comes from: a `File`, by the argument or the variable, or any source.

    A string is a path, as it is in the variable; a token itself would soon be over. Raises ConfigurationError, naming
    the variable.
    """
    found = credential(None, variable) if given is None else given
    return File(found) if isinstance(found, (str, os.PathLike)) else found


def label(given: str | None, variable: str, *, within: str | None = None) -> str:
    """Return one label of a host name, as a tenant's.

    With `within`, the domain above it, the whole host or its URL may be given too: ``https://acme.example.com/`` for
    ``acme`` within ``example.com``. Raises ConfigurationError, naming the variable.
    """
    value = credential(given, variable)
    if within is not None and isinstance(value, str):
        name = _host_in(value)
        value = name[: -len(within) - 1] if name.lower().endswith(f".{within}") else name
    return _fitting(_LABEL, f"one label of a host name, as LABEL in LABEL.{within or 'example.com'}", value, variable)


def host(given: str | None, variable: str) -> str:
    """Return a host name, perhaps with a port; its https:// URL without a path may be given too.

    Raises ConfigurationError, naming the variable.
    """
    value = credential(given, variable)
    value = _host_in(value) if isinstance(value, str) else value
    return _fitting(_HOST, "a host name such as login.example.com, without a path", value, variable)


def segment(given: str | None, variable: str) -> str:
    """Return one segment of a path, as a tenant's id. Raises ConfigurationError, naming the variable."""
    return _fitting(_SEGMENT, "one segment of a path: letters, digits and -._~", given, variable)


def text(given: str | None, variable: str) -> str:
    """Return a text. Raises ConfigurationError, naming the variable."""
    return _fitting(r"(?s:.*)", "a string", given, variable)


def one_of(choices: Mapping[str, T], given: str, argument: str) -> T:
    """Return what the vendor has under this name; capitals do not count, and dashes are as good as underscores.

    Raises ConfigurationError, naming the argument or the variable, and the choices.
    """
    if isinstance(given, str):
        if given in choices:
            return choices[given]
        for name, choice in choices.items():
            if _loosely(name) == _loosely(given):
                return choice
    *others, last = map(repr, choices)
    known = f"{', '.join(others)} or {last}" if others else last
    message = f"{being_read().given_as.get(argument, argument)} is {given!r}; use {known}"
    raise ConfigurationError(message)


def _loosely(name: str) -> str:
    return name.strip().lower().replace("-", "_")


def _host_in(value: str) -> str:
    found = re.fullmatch(_AROUND_A_HOST, value)
    return found[1] if found else value


def _fitting(pattern: str, what: str, given: str | None, variable: str) -> str:
    value = credential(given, variable)
    if not isinstance(value, str) or not re.fullmatch(pattern, value) or value in {".", ".."}:
        message = f"{variable}, or the argument in its place, is not usable: it must be {what}"
        raise ConfigurationError(message)
    return value

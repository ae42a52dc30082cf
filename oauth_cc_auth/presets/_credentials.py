"""Credentials that were not passed as arguments: read from the environment, by names made from the vendor's."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from oauth_cc_auth.errors import ConfigurationError

S = TypeVar("S", bound="str | Callable[[], str]")


def credential(given: S | None, variable: str) -> S | str:
    """Return what was given, or the environment variable. Raises ConfigurationError, naming the variable."""
    if given is not None:
        return given
    value = os.environ.get(variable, "").strip()
    if not value:
        # e.g. VEND_EMAIL_CLIENT_SECRET: the argument is named like the end of the variable.
        message = f"{variable} is not set in the environment, and no argument gives its value"
        raise ConfigurationError(message)
    return value

"""Header fields that a grant or a resource server adds: constants, or made anew for each request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from oauth_cc_auth._frozen import EMPTY, FrozenMapping
from oauth_cc_auth._raising import scrubbed
from oauth_cc_auth.errors import ConfigurationError

# A value, or a function that is called for each request, as for Walmart's correlation id.
HeaderValue: TypeAlias = "str | Callable[[], str]"

NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110 §5.1

_VALUE = r"[\t\x20-\x7e]*"  # RFC 9110 §5.5, without what libraries encode each in its own way


def checked_headers(headers: Mapping[str, HeaderValue]) -> FrozenMapping[HeaderValue]:
    """Return the headers as an immutable mapping; raise ConfigurationError for what could not stand in a request."""
    if not isinstance(headers, Mapping):
        message = "headers is not a mapping of names to values"
        raise ConfigurationError(message)
    for name, value in headers.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            message = "headers: a name is not the name of an HTTP header"
            raise ConfigurationError(message)
        if not callable(value):
            _check_value(name, value)
    return FrozenMapping(headers) if headers else EMPTY


def written(headers: Mapping[str, HeaderValue]) -> dict[str, str]:
    """Return the headers of one request. Raises ConfigurationError where a function makes no header's value."""
    return {name: _made(name, value) if callable(value) else value for name, value in headers.items()}


# How libraries call what returns every field of one name: multidict, email.message, httpx and tornado, urllib3.
_EVERY_FIELD = ("getall", "get_all", "get_list", "getlist")


def field_of(headers: Mapping[str, Any], name: str) -> str | None:
    """Return a header's value whatever the case of its name, of several fields joined by commas (RFC 9110 §5.3)."""
    spelled = [known for known in headers.keys() if str(known).lower() == name.lower()]  # noqa: SIM118 - not every library's mapping iterates over its keys
    every = next((getattr(headers, get) for get in _EVERY_FIELD if hasattr(headers, get)), None)
    values = [value for known in spelled for value in (every(known) if every else (headers[known],))]
    return ", ".join(map(str, dict.fromkeys(values))) if values else None


def _made(name: str, make: Callable[[], str]) -> str:
    try:
        value = make()
    except Exception as error:  # noqa: BLE001 - a user's function may raise anything
        message = f"headers[{name!r}]: the function that makes it raised {type(error).__name__}"
        raise ConfigurationError(message) from scrubbed(error)
    _check_value(name, value)
    return value


def _check_value(name: str, value: object) -> None:
    if not isinstance(value, str) or not re.fullmatch(_VALUE, value):
        message = f"headers[{name!r}] is not a string of ASCII that fits in one line"
        raise ConfigurationError(message)

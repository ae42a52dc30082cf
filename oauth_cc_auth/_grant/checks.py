"""The checks that several values of a grant need; each refusal names the argument."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NoReturn, TypeAlias

from oauth_cc_auth.errors import ConfigurationError

Several: TypeAlias = "str | Collection[str]"


def is_text(value: object) -> bool:
    """Tell whether this is a string that can be sent; one with lone surrogates cannot."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def refuse(message: str) -> NoReturn:
    """Raise ConfigurationError."""
    raise ConfigurationError(message)


def strings(name: str, values: Collection[Any]) -> tuple[str, ...]:
    """Return the values if all are strings that can be sent, and none is empty."""
    if not all(is_text(value) and value for value in values):
        refuse(f"{name} holds something that is not a string, or an empty one")
    return tuple(values)


def several(name: str, values: Several | None) -> str | tuple[str, ...] | None:
    """Return one string or several; a collection of one is that one, since the request says the same."""
    if values is None or (isinstance(values, str) and values and is_text(values)):
        return values
    if isinstance(values, str) or not isinstance(values, Collection):
        refuse(f"{name} is neither a string nor a collection of strings, or is empty")
    listed = strings(name, values)
    return listed[0] if len(listed) == 1 else listed


def each(values: Several | None) -> Collection[str]:
    """Return each of one string or several."""
    return () if values is None else (values,) if isinstance(values, str) else values


def check_seconds(name: str, seconds: float) -> None:
    """Return if this is a number of seconds above 0."""
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not (number and 0 < seconds < float("inf")):
        refuse(f"{name} is not a number of seconds above 0")


def checked_names(what: str, names: object) -> tuple[str, ...]:
    """Return one name or several as a tuple."""
    listed = (names,) if isinstance(names, str) else names
    given = tuple(listed) if isinstance(listed, Collection) else ("",)
    if not all(isinstance(name, str) and name for name in given):
        refuse(f"{what} is neither a name nor a collection of names")
    return given

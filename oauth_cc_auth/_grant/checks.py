"""The checks that several values of a grant need; each refusal names the argument."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NoReturn, TypeAlias

from oauth_cc_auth.errors import ConfigurationError

Several: TypeAlias = "str | Collection[str]"

_SCOPE_TOKEN = r"[\x21\x23-\x5b\x5d-\x7e]+"  # RFC 6749 §3.3


def is_text(value: object) -> bool:
    """Tell whether this is a string that can be sent; one with lone surrogates cannot."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def is_async(value: object) -> bool:
    """Tell whether this is a function that has to be awaited."""
    if not callable(value) or type(value).__module__.startswith("oauth_cc_auth."):
        return False
    from inspect import iscoroutinefunction  # noqa: PLC0415 - 5 ms that only a function of a user's own costs

    return iscoroutinefunction(value)


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


def checked_scope(scope: Several | None) -> str | None:
    """Return the scopes with one blank between, None for none (RFC 6749 §3.3)."""
    if scope is None:
        return None
    if isinstance(scope, Mapping) or not isinstance(scope, Collection) or isinstance(scope, (bytes, bytearray)):
        refuse("scope is neither a string nor a collection of strings, such as a list")
    ordered = sorted(scope, key=str) if isinstance(scope, (set, frozenset)) else scope
    listed = scope if isinstance(scope, str) else " ".join(strings("scope", ordered))
    tokens = listed.split()
    if not all(re.fullmatch(_SCOPE_TOKEN, token) for token in tokens):
        refuse("scope has a character that none may have: a quote, a backslash, or one beyond ASCII (RFC 6749 §3.3)")
    return " ".join(tokens) or None


def refuse_misspelt(what: str, named: Collection[str], known: Collection[str]) -> None:
    """Raise ConfigurationError, a TypeError too, for an argument with a name that is not known; say the right one."""
    for name in named:
        if name not in known:
            from difflib import get_close_matches  # noqa: PLC0415 - for a message only

            close = get_close_matches(name, known, n=1)
            meant = _ELSEWHERE.get(name, close[0] if close else None)
            hint = f"did you mean {meant}?" if meant in known else f"it takes {', '.join(sorted(known))}"
            raise Misspelt(f"{what}() has no argument {name!r}; {hint}")


class Misspelt(ConfigurationError, TypeError):
    """An argument has a name that is not known."""


# What other libraries call our arguments.
_ELSEWHERE = {
    **dict.fromkeys(("url", "token_url", "token_uri", "endpoint", "access_token_url"), "token_endpoint"),
    **dict.fromkeys(("scopes", "default_scopes"), "scope"),
    **dict.fromkeys(("auth_method", "auth", "client_auth", "auth_scheme"), "token_endpoint_auth_method"),
    **dict.fromkeys(("secret", "key", "password"), "client_secret"),
    **dict.fromkeys(("id", "username", "client"), "client_id"),
    **dict.fromkeys(("extra_params", "params", "data", "body_params", "kwargs"), "parameters"),
    **dict.fromkeys(("authorize_url", "authorization_url", "auth_url"), "authorization_endpoint"),
    **dict.fromkeys(("revoke_url", "revocation_url"), "revocation_endpoint"),
    **dict.fromkeys(("redirect_url", "callback_url"), "redirect_uri"),
}


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

"""The parameters that a grant adds to its token request: checked when it is made, read when it is sent."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from oauth_cc_auth._frozen import EMPTY, FrozenMapping
from oauth_cc_auth._grant.checks import Several, is_text, refuse, several
from oauth_cc_auth.errors import ConfigurationError, OAuthError

AUTHORIZATION_DETAILS = "authorization_details"  # RFC 9396 §2

# What has an argument of its own, in every grant.
_OWN = frozenset({"client_id", "client_secret", "grant_type", "scope", "audience", "resource"})


def checked_details(given: object) -> str | None:
    """Return the details as JSON: an immutable value."""
    if given is None or isinstance(given, str):
        return given
    listed = [given] if isinstance(given, Mapping) else given
    if not isinstance(listed, Collection) or not all(isinstance(each, Mapping) and each.get("type") for each in listed):
        refuse("authorization_details is not a list of objects, each with a type (RFC 9396 §2)")
    try:
        return json.dumps([dict(each) for each in listed], separators=(",", ":"))
    except (TypeError, ValueError):
        refuse("authorization_details holds something that is not JSON")


def read_parameter(name: str, values: Any) -> Any:
    """Return a parameter's value, which a function may have to make. Raises ConfigurationError."""
    if not callable(values):
        return values
    try:
        value = values()
    except OAuthError:
        raise
    except Exception as error:  # noqa: BLE001 - a user's function may raise anything, and quote the secret
        message = f"parameters[{name!r}]: the function that returns it failed ({type(error).__name__})"
        raise ConfigurationError(message) from None
    if not is_text(value) or not value:
        refuse(f"parameters[{name!r}] is a function that returned no text")
    return value


def checked_parameters(parameters: Mapping[str, Several]) -> FrozenMapping[Several]:
    """Return the parameters as an immutable mapping. Raises ConfigurationError, naming the one that is wrong."""
    if not isinstance(parameters, Mapping):
        refuse("parameters is not a mapping")
    if not parameters:
        return EMPTY
    if not all(isinstance(name, str) and name for name in parameters):
        refuse("parameters has a name that is not a string, or an empty one")
    own = _OWN & set(parameters)
    if own:
        refuse(f"parameters holds {', '.join(sorted(own))}, which has an argument of its own")
    return FrozenMapping(
        {
            name: value if callable(value) else several(f"parameters[{name!r}]", value) or ()
            for name, value in parameters.items()
        }
    )

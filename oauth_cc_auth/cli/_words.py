"""The arguments of a preset as they are typed: ``-o environment=sandbox``."""

from __future__ import annotations

import ast
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args, get_origin

import click

from oauth_cc_auth import ConfigurationError, presets
from oauth_cc_auth.presets._environment import converted
from oauth_cc_auth.presets._played import required

if TYPE_CHECKING:
    from oauth_cc_auth import StaticToken
    from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant

Preset: TypeAlias = "Callable[..., TokenEndpointGrant | StaticToken]"

# The names of arguments that nobody else may see.
HIDDEN = ("secret", "key", "token", "password")


def words_of(preset: Preset) -> frozenset[str]:
    """Return the names of the arguments that a preset takes."""
    return frozenset(inspect.signature(preset).parameters)


def choices_of(preset: Preset) -> dict[str, list[str]]:
    """Return what each argument may be that takes one of few values, the default first."""
    file, found = sys.modules.get(preset.__module__), {}
    for word, parameter in inspect.signature(preset).parameters.items():
        kind = str(parameter.annotation).removesuffix(" | None")
        # "Literal[...]" as it is written in the preset's file, or the name that the file gives it.
        alias = getattr(file, kind, None)
        listed = get_args(alias) if get_origin(alias) is Literal else ()
        if kind.startswith("Literal["):
            listed = ast.literal_eval(kind.removeprefix("Literal"))
        if listed:
            default = [value for value in listed if value == parameter.default]
            found[word] = default + [value for value in listed if value not in default]
    return found


def variable(vendor: str, word: str) -> str:
    """Return the environment variable from which a preset reads an argument."""
    return f"{vendor}_{word}".replace("-", "_").upper()


def is_credential(word: str) -> bool:
    """Tell whether an argument of a preset is a credential, which does not belong on the command line."""
    return word == "client_id" or (any(part in word for part in HIDDEN) and not word.endswith("_id"))


def option(vendor: str, preset: Preset, name: str, text: str) -> Any:
    """Return the value of an option as the preset's argument takes it. Raises UsageError."""
    if is_credential(name):
        message = f"-o {name}: other processes can read it there. Set {variable(vendor, name)} instead."
        raise click.UsageError(message)
    parameters = inspect.signature(preset).parameters
    if name not in parameters:
        takes = [word for word in parameters if not is_credential(word)]
        message = f"{vendor} has no option {name!r}. It has: {', '.join(takes) or 'none'}."
        raise click.UsageError(message)
    try:
        return converted(text, f"-o {name}", parameters[name])
    except ConfigurationError as wrong:
        raise click.UsageError(f"{wrong}.") from None


def lacking(vendor: str, preset: Preset, given: Mapping[str, Any]) -> list[str]:
    """Return the arguments without a default that are neither given nor in the environment."""
    variables = presets.variables_of(vendor)
    needed = (word for word in required(inspect.signature(preset)) if word not in given)
    return [word for word in needed if not any(os.environ.get(name, "").strip() for name in variables.get(word, ()))]

"""Profiles for people with several accounts: ``[profile.NAME]`` in config.toml names a preset and its secret's place.

The file holds no secret, only the file or the environment variable that does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from oauth_cc_auth import ConfigurationError, Env, File, presets
from oauth_cc_auth.cli._words import is_credential, words_of

VARIABLE = "OAUTH_CC_AUTH_PROFILE"

_CHOSEN = "oauth_cc_auth.profile"
_USED = "oauth_cc_auth.profile.used"


def remember(ctx: click.Context, param: click.Parameter, name: str | None) -> None:
    """Take note of the profile that a command is given."""
    if name is not None:
        typed = ctx.get_parameter_source(str(param.name)) is not click.core.ParameterSource.ENVIRONMENT
        ctx.meta[_CHOSEN] = (name, typed)


def used(ctx: click.Context | None = None) -> str:
    """Return which profile the command uses, and its file; "" for none."""
    ctx = ctx or click.get_current_context(silent=True)
    name = ctx.meta.get(_USED) if ctx else None
    return f"the profile {name!r} of {_path()}" if name else ""


def typed(ctx: click.Context) -> list[str]:
    """Return the option that chose the profile, as it was typed; the environment needs none."""
    name, was_typed = ctx.meta.get(_CHOSEN) or ("", False)
    return ["--profile", name] if was_typed else []


def words(vendor: str) -> dict[str, Any]:
    """Return the arguments of a preset that the command's profile has, and no variable. Raises ClickException.

    Where `--profile` was typed, a variable that counts before it is told on stderr.
    """
    ctx = click.get_current_context(silent=True)
    name, was_typed = (ctx.meta.get(_CHOSEN) if ctx else None) or (None, False)
    if ctx is None or name is None:
        return {}
    profile = _read(name)
    preset = str(profile.get("preset", "")).replace("-", "_")
    if preset != vendor.replace("-", "_"):
        if was_typed:
            raise click.UsageError(
                f"The profile {name!r} is for {preset or 'no preset'}, not for {vendor}. Name another --profile, or "
                f"correct preset = ... in {_path()}."
            )
        return {}  # the variable holds for every command, and this one is about another vendor
    ctx.meta[_USED] = name
    variables = presets.variables_of(preset)
    takes = words_of(presets.get(preset))
    found, before = {}, []
    for argument, value in _arguments(name, profile):
        if argument not in takes:
            known = ", ".join(sorted(takes))
            raise click.ClickException(
                f"{_path()}: {preset} has no option {argument!r} [profile.{name}]. It has: {known}."
            )
        is_set = [variable for variable in variables.get(argument, ()) if os.environ.get(variable, "").strip()]
        if not is_set:
            found[argument] = value
        elif not (isinstance(value, Env) and value.name == is_set[0]):
            before.append(is_set[0])
    if was_typed and before:
        click.echo(f"Not taken from {used(ctx)}: {', '.join(before)}. To use the profile's, unset them.", err=True)
    return found


def _arguments(name: str, profile: Mapping[str, Any]) -> list[tuple[str, Any]]:
    arguments: list[tuple[str, Any]] = []
    for key, value in profile.items():
        if key == "preset":
            continue
        if key in {"file", "env"}:
            arguments.append(("client_secret", _where(name, key, {key: value})))
        elif isinstance(value, dict):
            arguments.append((key, _where(name, key, value)))
        elif is_credential(key) and key != "client_id":
            message = f"{_path()}: [profile.{name}] holds the value of {key}, and only its place belongs there."
            raise click.ClickException(f"{message} Write {key} = {{ file = ... }} or {{ env = ... }}.")
        else:
            arguments.append((key, value))
    return arguments


def _where(name: str, key: str, value: Mapping[str, Any]) -> Env | File:
    kinds: dict[str, type[File | Env]] = {"file": File, "env": Env}
    try:
        ((kind, place),) = value.items()
        return kinds[kind](os.path.expanduser(place) if kind == "file" else place)  # noqa: PTH111 - a File takes a text
    except (KeyError, ValueError, TypeError, ConfigurationError):
        message = f'{_path()}: {key} [profile.{name}] names no place: write file = "PATH" or env = "NAME".'
        raise click.ClickException(message) from None


def _path() -> Any:
    import platformdirs  # noqa: PLC0415 - only a profile needs it

    return platformdirs.user_config_path("oauth-cc-auth", appauthor=False) / "config.toml"


def _read(name: str) -> Mapping[str, Any]:
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        profiles = toml.loads(_path().read_text("utf-8")).get("profile", {})
    except FileNotFoundError:
        profiles = {}
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{_path()} cannot be read: {error}") from None
    profile = profiles.get(name) if isinstance(profiles, dict) else None
    if not isinstance(profile, dict):
        raise click.ClickException(f"There is no profile {name!r}: write [profile.{name}] in {_path()}.")
    return profile

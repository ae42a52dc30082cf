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


def remember(ctx: click.Context, param: click.Parameter, name: str | None) -> None:
    """Take note of the profile that a command is given."""
    if name is not None:
        typed = ctx.get_parameter_source(str(param.name)) is not click.core.ParameterSource.ENVIRONMENT
        ctx.meta[_CHOSEN] = (name, typed)


def words(vendor: str) -> dict[str, Any]:
    """Return the arguments of a preset that the command's profile has, and no variable. Raises ClickException."""
    ctx = click.get_current_context(silent=True)
    name, typed = (ctx.meta.get(_CHOSEN) if ctx else None) or (None, False)
    if name is None:
        return {}
    profile = _read(name)
    preset = str(profile.get("preset", "")).replace("-", "_")
    if preset != vendor.replace("-", "_"):
        if typed:
            raise click.UsageError(f"The profile {name!r} is for {preset or 'no preset'}, not for {vendor}.")
        return {}  # the variable holds for every command, and this one is about another vendor
    variables = presets.variables_of(preset)
    takes = words_of(presets.get(preset))
    found = {}
    for argument, value in _arguments(name, profile):
        if argument not in takes:
            known = ", ".join(sorted(takes))
            raise click.ClickException(
                f"{_path()}: {preset} has no option {argument!r} [profile.{name}]. It has: {known}."
            )
        if not any(os.environ.get(variable, "").strip() for variable in variables.get(argument, ())):
            found[argument] = value
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
            message = f"{_path()}: {key} stands there itself [profile.{name}]."
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
        message = f'{_path()}: {key} [profile.{name}] says no place: write file = "PATH" or env = "NAME".'
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

"""Presets of other packages, by the entry-point group ``oauth_cc_auth.presets``: a mistake in one hinders no other."""

from __future__ import annotations

import inspect
from functools import wraps
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from oauth_cc_auth import presets
from oauth_cc_auth._grant.grant import is_grant
from oauth_cc_auth.errors import ConfigurationError, OAuthError
from oauth_cc_auth.presets._environment import from_environment

if TYPE_CHECKING:
    from oauth_cc_auth._grant.grant import Grant


def names() -> list[str]:
    """Return the names of the presets that other packages have."""
    return list(_points())


def preset(name: str) -> presets.Preset | None:
    """Return another package's preset. Raises ConfigurationError where it cannot be loaded."""
    point = _points().get(name)
    return None if point is None else _answering(name, point.name, _loaded(point))


def _points() -> dict[str, EntryPoint]:
    # A built-in preset is never another package's: `vainu` must not begin to mean something else by an installation.
    known = presets._all_built_in()  # noqa: SLF001 - this module is a part of that package
    named = ((point.name.lower().replace("-", "_"), point) for point in entry_points(group=presets.GROUP))
    return {name: point for name, point in named if name not in known}


def _loaded(point: EntryPoint) -> presets.Preset:
    try:
        preset: presets.Preset = point.load()
        if callable(preset):
            inspect.signature(preset)  # it is asked for the preset's arguments
    except (Exception, SystemExit) as error:  # a script's, which ends no program but its own
        message = f"The preset {point.name!r} cannot be loaded from {point.value} ({type(error).__name__}: {error})"
        raise ConfigurationError(message) from error
    if not callable(preset):
        message = f"The preset {point.name!r} is no function: {point.value}"
        raise ConfigurationError(message)
    return preset


def _answering(name: str, written: str, preset: presets.Preset) -> presets.Preset:
    """Return the preset so that a mistake in it is an error of this package, which names it."""

    @wraps(preset)
    def checked(*args: Any, **words: Any) -> Grant:
        try:
            made = preset(*args, **words)
        except OAuthError:
            raise
        except (Exception, SystemExit) as error:
            message = f"The preset {written!r} failed ({type(error).__name__}: {error})"
            raise ConfigurationError(message) from error
        if not is_grant(made):
            message = f"The preset {written!r} returned no grant, but {made.__class__.__name__}"
            raise ConfigurationError(message)
        return made

    return from_environment(name, checked)

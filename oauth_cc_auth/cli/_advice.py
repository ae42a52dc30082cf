"""What the command line adds to an error of the library: the options, the profile, and the doctor."""

from __future__ import annotations

import os
import shlex

import click

from oauth_cc_auth import InvalidClient, OAuthError, OriginNotAllowed, TokenRequestError
from oauth_cc_auth.cli import _profiles
from oauth_cc_auth.cli._causes import Asked, places
from oauth_cc_auth.presets._played import VARIABLE as SANDBOX_VARIABLE

# The names of what a command keeps in its context.
_MADE, SANDBOX = "oauth_cc_auth.made", "oauth_cc_auth.sandbox"


def remember(asked: Asked, options: list[str], *, needs_a_user: bool) -> None:
    """Take note of the preset that a command uses, and of the arguments that lead the doctor to the same client."""
    ctx = click.get_current_context(silent=True)
    if ctx is not None:
        ctx.meta[_MADE] = (asked, options, needs_a_user)


def advised(error: OAuthError, ctx: click.Context) -> str:
    """Return an error's message in one line, and what can be done about it on the command line."""
    said = [" ".join(_without_python(error).split())]
    asked, options, needs_a_user = ctx.meta.get(_MADE) or (None, [], True)
    if isinstance(error, InvalidClient):
        said += places(asked)
    sandbox = ctx.meta.get(SANDBOX)
    if isinstance(error, OriginNotAllowed):
        said.append(_where_it_may_go(sandbox))
    if used := _profiles.used(ctx):
        said.append(f"Used: {used}.")
    if isinstance(error, TokenRequestError) and not needs_a_user:
        where = [*_profiles.typed(ctx), *(["--sandbox", sandbox] if sandbox else [])]
        said.append(f"To find the cause, run: {shlex.join(['oauth-cc-auth', 'doctor', *options, *where])}")
    # A message may end with a command, which is copied: it gets its full stop only where more follows.
    return " ".join([*(part if part[-1:] in ".?!)" else f"{part}." for part in said[:-1]), said[-1]])


def _without_python(error: OAuthError) -> str:
    """Return an error's message; that of a foreign host without its last sentence, which advises programs."""
    said = str(error.args[0]) if isinstance(error, OriginNotAllowed) else ""
    return str(error).replace(said, f"{said.partition('. ')[0]}.") if said else str(error)


def _where_it_may_go(sandbox: str | None) -> str:
    if sandbox or os.environ.get(SANDBOX_VARIABLE):
        unset = "leave --sandbox out" if sandbox else f"unset {SANDBOX_VARIABLE}"
        return f"The sandbox plays the vendor: give the path alone, such as /users/me, or {unset}."
    return "Give a path of the vendor's API, or a URL at one of these hosts."

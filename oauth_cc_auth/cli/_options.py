"""The options that several commands share, each with one help text."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from oauth_cc_auth import OAuthError, presets
from oauth_cc_auth.cli import _profiles
from oauth_cc_auth.cli._advice import SANDBOX
from oauth_cc_auth.cli._stores import VARIABLE as STORE_VARIABLE
from oauth_cc_auth.cli._stores import StoreName
from oauth_cc_auth.cli._vendors import Vendor
from oauth_cc_auth.cli._words import choices_of, is_credential, words_of
from oauth_cc_auth.presets._played import VARIABLE as SANDBOX_VARIABLE

F = TypeVar("F", bound="Callable[..., Any]")


def _parsed(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    options = {}
    for option in given:
        name, is_there, value = option.partition("=")
        if not is_there or not name:
            raise click.BadParameter("use NAME=VALUE, as environment=sandbox.", ctx=ctx, param=param)
        options[name.replace("-", "_")] = value
    return options


def _offered(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's
    """Return the options of the vendor that was typed before, as NAME=, and as NAME=VALUE where the values are few."""
    # click reads no argument where the last option lacks its value, as it does here: then the vendor is still unread.
    vendor = ctx.params.get("vendor") or next(iter(ctx.args), None)
    try:
        preset = presets.get(str(vendor))
    except OAuthError:
        return []
    choices = choices_of(preset)
    words = sorted(word for word in words_of(preset) if not is_credential(word))
    written = (f"{word}={value}" for word in words for value in choices.get(word, [""]))
    return [CompletionItem(option) for option in written if option.startswith(incomplete)]


def _at_sandbox(ctx: click.Context, param: click.Parameter, url: str | None) -> None:
    if url is None:
        return
    from oauth_cc_auth.sandbox import Sandbox  # noqa: PLC0415 - Flask is slow to load

    try:
        Sandbox.at(url).count("token")
    except ValueError as wrong:
        raise click.BadParameter(f"{wrong}.", ctx=ctx, param=param) from None
    except ConnectionError as wrong:
        raise click.ClickException(f"--sandbox: {wrong}") from None
    ctx.meta[SANDBOX] = url
    os.environ[SANDBOX_VARIABLE] = url  # `kept` puts it back


@contextmanager
def kept() -> Iterator[None]:
    """Put the variable back that `--sandbox` sets, when the command has ended."""
    before = os.environ.get(SANDBOX_VARIABLE)
    try:
        yield
    finally:
        os.environ.pop(SANDBOX_VARIABLE, None)
        if before is not None:
            os.environ[SANDBOX_VARIABLE] = before


vendor_type = Vendor()
vendor = click.argument("vendor", type=vendor_type, metavar="VENDOR")
preset_options = click.option(
    "-o",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_parsed,
    shell_complete=_offered,
    help="An option of the vendor, as environment=sandbox; `vendors VENDOR` lists all. Repeatable; no credential.",
)
scopes = click.option("--scope", "scopes", multiple=True, help="A scope to request; repeatable.")
store = click.option(
    "--store",
    type=StoreName(),
    envvar=STORE_VARIABLE,
    help=f"Where tokens are kept between commands, a login by default in files. Or set {STORE_VARIABLE}.",
)
login_name = click.option("--login", "login_name", metavar="NAME", help="Whose login, where several users have one.")
profile = click.option(
    "--profile",
    metavar="NAME",
    envvar=_profiles.VARIABLE,
    expose_value=False,
    callback=_profiles.remember,
    help=f"An account of config.toml; a variable counts before it. Or set {_profiles.VARIABLE}.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
sandbox = click.option(
    "--sandbox",
    metavar="URL",
    expose_value=False,
    is_eager=True,
    callback=_at_sandbox,
    help=f"Use a sandbox that runs on this machine, as http://127.0.0.1:8400. Or set {SANDBOX_VARIABLE}.",
)


def of_a_call(command: F) -> F:
    """Add what every command takes that needs a token of a vendor."""
    for option in (vendor, preset_options, scopes, store, login_name, profile, sandbox)[::-1]:
        command = option(command)
    return command

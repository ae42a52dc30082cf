"""The presets by the names that people type, and what they are given there.

A vendor is looked up when it is named; nothing imports them all but the list of what the sandbox plays.
"""

from __future__ import annotations

import inspect
import secrets
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import click
from click.shell_completion import CompletionItem

from oauth_cc_auth import AuthorizationCode, ConfigurationError, OAuthError, StaticToken, presets
from oauth_cc_auth.cli import _advice as advice
from oauth_cc_auth.cli import _profiles as profiles
from oauth_cc_auth.cli._causes import Asked
from oauth_cc_auth.cli._words import HIDDEN, Preset, lacking, option, variable, words_of
from oauth_cc_auth.presets._played import (
    SANDBOX_CLIENT,
    SANDBOX_PUBLIC_CLIENT,
    completed,
    placeholder,
    required,
    word_of,
)

if TYPE_CHECKING:
    from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
    from oauth_cc_auth.sandbox import Sandbox  # not at run time: it needs Flask, and a token does not

Grant: TypeAlias = "TokenEndpointGrant"

_NOTHING_TO_GET = "{} is a token already, made by hand at the vendor: there is nothing to get."


class Vendor(click.ParamType[str]):
    """A vendor's name as it is typed, with dashes or underscores."""

    name = "vendor"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name with dashes, if there is such a preset."""
        try:
            named(value)
        except ConfigurationError as wrong:
            self.fail(str(wrong), param, ctx)
        return value.lower().replace("_", "-")

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the vendors' names."""
        return offered(ctx, param, incomplete)


def offered(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's
    """Return the vendors' names that begin with what was typed, for an argument that takes other words too."""
    names = (name.replace("_", "-") for name in presets.names())
    typed = incomplete.lower().replace("_", "-")
    return [CompletionItem(name) for name in names if name.startswith(typed)]


@dataclass(frozen=True)
class Chosen:
    """A vendor's grant, with what was said of it on the command line.

    `words` are the preset's arguments, `command` the one that logs in with the same, and `asked` the environment
    variables whose values were typed at a prompt.
    """

    vendor: str
    made: Grant | StaticToken
    words: Mapping[str, Any]
    command: str
    asked: tuple[str, ...]

    @property
    def grant(self) -> Grant:
        """The grant, where a token has to be requested. Raises UsageError for a token made by hand."""
        if isinstance(self.made, StaticToken):
            raise click.UsageError(_NOTHING_TO_GET.format(self.vendor))
        return self.made

    def in_python(self, store: str) -> str:
        """Return the expression that uses this grant with the store that this expression opens."""
        name = self.vendor.replace("-", "_")
        preset = f"presets.{name}" if hasattr(presets, name) else f"presets.get({name!r})"
        words = ", ".join(f"{word}={value!r}" for word, value in self.words.items())
        return f"RequestsAuth({preset}({words}), store={store})"


def chosen(
    vendor: str,
    *,
    scopes: tuple[str, ...] = (),
    login: str | None = None,
    store: str | None = None,
    options: Mapping[str, str] | None = None,
    keys: bool = False,
) -> Chosen:
    """Return the grant that the command line describes; ask somebody who is there for what the environment lacks.

    `keys` tells whether a token or key made by hand will do. Raises UsageError for an option that this vendor has no
    use for, and ConfigurationError, naming the variable.
    """
    preset = presets.get(vendor)
    takes = words_of(preset)
    words: dict[str, Any] = profiles.words(vendor)
    words |= {name: option(vendor, preset, name, text) for name, text in (options or {}).items()}
    command = ["oauth-cc-auth", "login", vendor]
    command += [part for name, text in (options or {}).items() for part in ("-o", f"{name}={text}")]
    advice.remember(Asked(vendor, words), command[2:], needs_a_user="redirect_uri" in takes)
    if missing := lacking(vendor, preset, words):
        or_set = " and ".join(variable(vendor, word) for word in missing)
        raise click.UsageError(
            f"{vendor} needs {' and '.join(missing)}: add -o {missing[0]}=... to the command, or set {or_set}."
        )
    if scopes:
        if "scope" not in takes:
            raise click.UsageError(f"{vendor} gives no choice of scopes: leave --scope out.")
        words["scope"] = " ".join(scopes)
        command += [part for scope in scopes for part in ("--scope", scope)]
    if login is not None:
        if "login" not in takes:
            raise click.UsageError(f"{vendor} has no logins to choose from: leave --login out.")
        words["login"] = login
        command += ["--login", login]
    if store:
        command += ["--store", store]
    # Before anything is asked for.
    if not keys and _makes_a_static_token(partial(preset, **words)):
        raise click.UsageError(_NOTHING_TO_GET.format(vendor))
    grant, asked = _asking(vendor, preset, words)
    if isinstance(grant, AuthorizationCode):
        grant = replace(grant, how_to_log_in=f"Run: {shlex.join(command)}")
    return Chosen(vendor, grant, words, shlex.join(command), asked)


def named(name: str) -> Preset:
    """Return the preset of this name. Raises ConfigurationError, which says where to find one that is there."""
    try:
        return presets.get(name)
    except ConfigurationError as wrong:
        if name.lower().replace("-", "_") in presets.names():
            raise
        write = "To write one, see docs/vendors.md#a-vendor-that-is-missing."
        message = f"{wrong}. {write} `oauth-cc-auth vendors` lists them.".replace("?.", "?")
        raise ConfigurationError(message) from None


def login_of(vendor: str) -> str:
    """Return the preset by which a user logs in: the vendor's own, or that of its users. Raises UsageError."""
    for name in (vendor, f"{vendor}-user"):
        with suppress(ConfigurationError):
            if "redirect_uri" in words_of(presets.get(name)):
                return name
    raise click.UsageError(f"{vendor} needs no login of a user. Use `oauth-cc-auth token {vendor}`.")


def example(
    preset: Preset, words: Mapping[str, str | None] | None = None
) -> tuple[Grant | StaticToken, dict[str, str | None]]:
    """Make a grant as somebody would who knows nothing.

    Returns the words that are missing then, with the environment variable that the preset itself names for each, or
    None for a word that only an argument can give. Raises OAuthError.
    """
    asked: dict[str, str | None] = dict.fromkeys(required(inspect.signature(preset))) if words is None else dict(words)
    try:
        return preset(**{word: placeholder(word) for word in asked}), asked
    except ConfigurationError as error:
        missing, variable_of_it = word_of(inspect.signature(preset).parameters, error), error.variable
        if missing is None or missing in asked:
            raise
    return example(preset, {**asked, missing: variable_of_it})


def _makes_a_static_token(preset: Preset) -> bool:
    with suppress(OAuthError):
        return isinstance(example(preset)[0], StaticToken)
    return False


def _asking(
    vendor: str, preset: Preset, words: Mapping[str, str], asked: tuple[str, ...] = ()
) -> tuple[Grant | StaticToken, tuple[str, ...]]:
    """Return the grant, and the variables whose values had to be asked for."""
    try:
        return preset(**words), asked
    except ConfigurationError as error:
        word, looked_for = word_of(inspect.signature(preset).parameters, error), error.variable or ""
        if word is None or word in words:
            raise
    if not somebody_is_there():
        raise ConfigurationError(_unset(list(_missing(preset, words))), variable=looked_for)
    hidden = any(part in word for part in HIDDEN)
    # To stderr: the token stands alone on stdout.
    typed = click.prompt(f"{vendor} {word.replace('_', ' ')}", hide_input=hidden, err=True)
    return _asking(vendor, preset, {**words, word: typed}, (*asked, looked_for))


def _missing(preset: Preset, words: Mapping[str, str]) -> Iterator[str]:
    """Return the variables that a preset wants and does not find, in its order."""
    try:
        preset(**words)
    except ConfigurationError as error:
        word = word_of(inspect.signature(preset).parameters, error)
        if word is not None and word not in words:
            yield error.variable or ""
            yield from _missing(preset, {**words, word: placeholder(word)})


def _unset(variables: Sequence[str]) -> str:
    *others, last = variables
    which, them = (f"{', '.join(others)} and {last} are", "them") if others else (f"{last} is", "it")
    return f"{which} not set in the environment: set {them}, or run this in a terminal to be asked."


def somebody_is_there() -> bool:
    """Tell whether a question would be read and answered."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def played_by(sandbox: Sandbox, vendors: Sequence[str] = ()) -> dict[str, Grant]:
    """Return the grants at the sandbox, by name: of these vendors, or of all who need no words of their own.

    What a vendor lacks that is named is made up. Raises OAuthError and UsageError for one that cannot be played.
    """
    if vendors:
        return {name: sandbox_grant(sandbox, name) for name in vendors}
    grants = {}
    for name in presets.names():
        # What the environment has for such a word is as good as a default.
        with suppress(OAuthError):
            preset = presets.get(name)
            if "client_id" in words_of(preset) and not set(required(inspect.signature(preset))) - SANDBOX_CLIENT.keys():
                grants[name.replace("_", "-")] = sandbox_grant(sandbox, name, makes_up=False)
    return grants


def sandbox_grant(sandbox: Sandbox, vendor: str, *, makes_up: bool = True) -> Grant:
    """Return a vendor's grant at the sandbox, with what its preset lacks made up.

    A refresh token is a login: each call is another one, as a server that rotates them takes the first only once.
    Raises OAuthError, and UsageError for a token made by hand.
    """
    from oauth_cc_auth.sandbox import made_up  # noqa: PLC0415 - see above

    preset = presets.get(vendor)
    takes = words_of(preset)
    words = dict(SANDBOX_CLIENT if "client_secret" in takes else SANDBOX_PUBLIC_CLIENT)
    words = {word: value for word, value in words.items() if word in takes}
    if "refresh_token" in takes:
        words["refresh_token"] = f"sandbox-{secrets.token_hex(8)}"
    grant = completed(preset, made_up(vendor.replace("-", "_"), preset), **words) if makes_up else preset(**words)
    if isinstance(grant, StaticToken):
        raise ConfigurationError(
            f"{vendor} is a token made by hand: no server issues it, so none is played; leave it out"
        )
    return sandbox.grant(grant)


def base_url(grant: Grant) -> str:
    """Return where the paths of a grant's API begin."""
    return (grant.resource_server and grant.resource_server.base_url) or ""


def token_endpoint(grant: Grant) -> str:
    """Return the address of a grant's token endpoint, or of the metadata that names it."""
    return str(grant.token_endpoint)

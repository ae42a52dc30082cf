"""The presets by the names that people type, and what they are given there.

A vendor is looked up when it is named; nothing imports them all but the list of what the sandbox plays.
"""

from __future__ import annotations

import inspect
import secrets
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import click

from oauth_cc_auth import AuthorizationCode, ConfigurationError, OAuthError, StaticToken, presets

if TYPE_CHECKING:
    from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
    from oauth_cc_auth.sandbox import Sandbox  # not at run time: it needs Flask, and a token does not

Grant: TypeAlias = "TokenEndpointGrant"
Preset: TypeAlias = "Callable[..., TokenEndpointGrant | StaticToken]"

# The sandbox registers whoever comes first. A client without a secret is another client.
SANDBOX_CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
SANDBOX_PUBLIC_CLIENT = {"client_id": "sandbox-public-client"}

# What stands for a word that only the user knows, as a tenant; it fits in a host name.
PLACEHOLDER = "your-{}"

_NOTHING_TO_GET = "{} is a token already, made by hand at the vendor: there is nothing to get."

# What is not to be seen by whoever looks over a shoulder.
_HIDDEN = ("secret", "key", "token", "password")


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


@dataclass(frozen=True)
class Chosen:
    """A vendor's grant, with what was said of it on the command line.

    `words` are the preset's arguments, `command` the one that logs in with the same, and `asked` the environment
    variables whose values were typed at a prompt.
    """

    vendor: str
    grant: Grant
    words: Mapping[str, str]
    command: str
    asked: tuple[str, ...]

    def in_python(self, store: str) -> str:
        """Return the expression that uses this grant with a store of this class."""
        name = self.vendor.replace("-", "_")
        preset = f"presets.{name}" if hasattr(presets, name) else f"presets.get({name!r})"
        words = ", ".join(f"{word}={value!r}" for word, value in self.words.items())
        return f"RequestsAuth({preset}({words}), store={store}())"


def chosen(vendor: str, *, scopes: tuple[str, ...] = (), login: str | None = None, store: str | None = None) -> Chosen:
    """Return the grant that the command line describes; ask somebody who is there for what the environment lacks.

    Raises UsageError for an option that this vendor has no use for, and ConfigurationError, naming the variable.
    """
    preset = presets.get(vendor)
    takes = words_of(preset)
    words: dict[str, str] = {}
    command = ["oauth-cc-auth", "login", vendor]
    if missing := _required(preset):
        raise click.UsageError(f"{vendor} wants {' and '.join(missing)}, which only Python can give it.")
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
    if _makes_a_static_token(preset):
        raise click.UsageError(_NOTHING_TO_GET.format(vendor))
    grant, asked = _asking(vendor, preset, words)
    if isinstance(grant, StaticToken):
        raise click.UsageError(_NOTHING_TO_GET.format(vendor))
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
        message = f"{wrong}. `oauth-cc-auth vendors` lists them.".replace("?.", "?")
        raise ConfigurationError(message) from None


def login_of(vendor: str) -> str:
    """Return the preset by which a user logs in: the vendor's own, or that of its users. Raises UsageError."""
    for name in (vendor, f"{vendor}-user"):
        with suppress(ConfigurationError):
            if "redirect_uri" in words_of(presets.get(name)):
                return name
    raise click.UsageError(f"{vendor} needs no login of a user.")


def words_of(preset: Preset) -> frozenset[str]:
    """Return the names of the arguments that a preset takes."""
    return frozenset(inspect.signature(preset).parameters)


def variable(vendor: str, word: str) -> str:
    """Return the environment variable from which a preset reads an argument."""
    return f"{vendor}_{word}".replace("-", "_").upper()


def _required(preset: Preset) -> list[str]:
    several = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    parameters = inspect.signature(preset).parameters.values()
    return [word.name for word in parameters if word.default is word.empty and word.kind not in several]


def example(
    preset: Preset, words: Mapping[str, str | None] | None = None
) -> tuple[Grant | StaticToken, dict[str, str | None]]:
    """Make a grant as somebody would who knows nothing.

    Returns the words that are missing then, with the environment variable that the preset itself names for each, or
    None for a word that only an argument can give. Raises OAuthError.
    """
    asked: dict[str, str | None] = dict.fromkeys(_required(preset)) if words is None else dict(words)
    try:
        return preset(**{word: _placeholder(word) for word in asked}), asked
    except ConfigurationError as error:
        missing, variable_of_it = _word_of(preset, error), error.variable
        if missing is None or missing in asked:
            raise
    return example(preset, {**asked, missing: variable_of_it})


def _placeholder(word: str) -> str:
    held = PLACEHOLDER.format(word.replace("_", "-"))
    return f"https://{held}" if word.endswith("url") else held


def _word_of(preset: Preset, error: ConfigurationError) -> str | None:
    """Return the argument that a missing variable stands for: it is named like the end of VEND_EMAIL_CLIENT_SECRET."""
    looked_for = error.variable or ""
    return max((word for word in words_of(preset) if looked_for.endswith(f"_{word.upper()}")), key=len, default=None)


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
        word, looked_for = _word_of(preset, error), error.variable or ""
        if word is None or word in words:
            raise
    if not somebody_is_there():
        raise ConfigurationError(_unset(list(_missing(preset, words))), variable=looked_for)
    hidden = any(part in word for part in _HIDDEN)
    # To stderr: the token stands alone on stdout.
    typed = click.prompt(f"{vendor} {word.replace('_', ' ')}", hide_input=hidden, err=True)
    return _asking(vendor, preset, {**words, word: typed}, (*asked, looked_for))


def _missing(preset: Preset, words: Mapping[str, str]) -> Iterator[str]:
    """Return the variables that a preset wants and does not find, in its order."""
    try:
        preset(**words)
    except ConfigurationError as error:
        word = _word_of(preset, error)
        if word is not None and word not in words:
            yield error.variable or ""
            yield from _missing(preset, {**words, word: _placeholder(word)})


def _unset(variables: Sequence[str]) -> str:
    *others, last = variables
    which, them = (f"{', '.join(others)} and {last} are", "them") if others else (f"{last} is", "it")
    return f"{which} not set in the environment: set {them}, or run this in a terminal to be asked."


def somebody_is_there() -> bool:
    """Tell whether a question would be read and answered."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def played_by(sandbox: Sandbox) -> dict[str, Grant]:
    """Return the grants at the sandbox, by name, of all vendors who need no words of their own."""
    grants = {}
    for name in presets.names():
        # What the environment has for such a word is as good as a default.
        with suppress(OAuthError):
            preset = presets.get(name)
            if "client_id" in words_of(preset) and not set(_required(preset)) - SANDBOX_CLIENT.keys():
                grants[name.replace("_", "-")] = sandbox_grant(sandbox, preset)
    return grants


def sandbox_grant(sandbox: Sandbox, preset: Preset) -> Grant:
    """Return a preset's grant at the sandbox.

    A refresh token is a login: each call is another one, as a server that rotates them takes the first only once.
    Raises OAuthError.
    """
    takes = words_of(preset)
    words = dict(SANDBOX_CLIENT if "client_secret" in takes else SANDBOX_PUBLIC_CLIENT)
    if "refresh_token" in takes:
        words["refresh_token"] = f"sandbox-{secrets.token_hex(8)}"
    grant = preset(**words)
    if isinstance(grant, StaticToken):
        raise ConfigurationError("a token made by hand needs no client, and so no server that knows it")
    return sandbox.grant(grant)


def base_url(grant: Grant) -> str:
    """Return where the paths of a grant's API begin."""
    return (grant.resource_server and grant.resource_server.base_url) or ""

"""The command `doctor`."""

from __future__ import annotations

from typing import Any

import click

from oauth_cc_auth import OAuthError, presets
from oauth_cc_auth.cli import _options, _profiles
from oauth_cc_auth.cli._vendors import offered
from oauth_cc_auth.cli._words import option


@click.command(short_help="Find out why a vendor or an API refuses, step by step.")
@click.argument("vendor", metavar="VENDOR|ISSUER", shell_complete=offered)
@_options.preset_options
@click.option("--scope", "scopes", multiple=True, help="A scope to request; repeatable.")
@click.option("--path", help="The path of the one call to the API, or a whole URL of the vendor's.")
@_options.profile
@_options.sandbox
@_options.as_json
def doctor(vendor: str, options: dict[str, str], scopes: tuple[str, ...], path: str | None, *, as_json: bool) -> None:
    """Examine a client: variables, DNS, TLS, clock, endpoint, client, scope, lifetime, one call to the API.

    An ISSUER is a URL such as https://login.example.com; its client comes from OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET,
    OAUTH_SCOPE and OAUTH_AUDIENCE. One token is requested, and a second where the API refuses the first. A client
    that is refused is tried with other methods: its secret is sent two or three times. After 30 seconds the command
    gives up, and says at which step.

    Exit status: 0 well, 1 variables, 2 usage, 3 network or TLS, 4 client, 5 scope or audience, 6 API, 7 limit or
    server. Documentation: docs/cli.md
    """
    from oauth_cc_auth.cli import _doctor, _steps  # noqa: PLC0415 - requests is slow to load

    if vendor.lower().startswith(("https://", "http://")):
        if options:
            raise click.UsageError("-o is for vendors: an issuer's client comes from OAUTH_SCOPE and OAUTH_AUDIENCE.")
        first, steps = "discovery", _doctor.issued(vendor, path)
    else:
        first, steps = "variables", _doctor.examined(_maker(vendor, options, scopes), path)
    steps = _steps.within(_steps.LIMIT, steps, first=first)
    raise click.exceptions.Exit(_steps.reported(steps, as_json=as_json))


def _maker(vendor: str, options: dict[str, str], scopes: tuple[str, ...]) -> Any:
    from oauth_cc_auth.cli import _causes  # noqa: PLC0415 - only the doctor needs them

    name = _options.vendor_type.convert(vendor, None, click.get_current_context()).replace("-", "_")
    preset = presets.get(name)
    words, profile = _profiles.words(name), _profiles.used()
    words |= {word: option(vendor, preset, word, text) for word, text in options.items()}
    if scopes:
        words["scope"] = " ".join(scopes)

    def made() -> tuple[Any, Any]:
        try:
            return preset(**words), _causes.Asked(name, words, profile)
        except TypeError as wrong:
            raise OAuthError(str(wrong)) from None

    return made

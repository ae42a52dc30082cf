"""What can be typed: each command asks the library and prints its answer.

Results go to stdout, everything else to stderr. What went wrong is one line that says what to do, and exit status 1;
Ctrl-C is exit status 130. A client id or secret comes from the environment or from a prompt, never from an argument,
where every process of the machine could read it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console

from oauth_cc_auth import AuthorizationCode, FileStore, OAuthError, Token, TokenSource
from oauth_cc_auth.cli._vendors import VENDORS, Grant, sandbox_grant, variable, words_of

INTERRUPTED = 128 + 2  # what a shell reports for a process that SIGINT ended


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Turn what the library raises, and Ctrl-C, into an exit status without a traceback."""
        try:
            return super().invoke(ctx)
        except OAuthError as error:
            raise click.ClickException(" ".join(str(error).split())) from None
        except (KeyboardInterrupt, click.Abort):
            raise click.exceptions.Exit(INTERRUPTED) from None


class _Vendor(click.ParamType[str]):
    name = "vendor"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take a vendor's name with dashes or underscores."""
        vendor = value.lower().replace("_", "-")
        if vendor not in VENDORS:
            self.fail(f"{value!r} is not one of {', '.join(VENDORS)}.", param, ctx)
        return vendor


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="oauth-cc-auth", message="%(prog)s %(version)s")
def commands() -> None:
    """OAuth 2.0 client credentials for requests and httpx: see it work, try it, get a token."""


@commands.command()
def demo() -> None:
    """Show one token serving many callers, for every vendor and HTTP client, against a sandbox on this machine."""
    from oauth_cc_auth.cli._demo import run  # noqa: PLC0415 - Flask, requests and httpx are slow to load

    sys.exit(0 if run(_console()) else 1)


@commands.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="First port to listen on; by default any.")
def sandbox(port: int) -> None:
    """Play all vendors on this machine, and show each request they get, until Ctrl-C."""
    from oauth_cc_auth.cli import _tables  # noqa: PLC0415 - as in demo
    from oauth_cc_auth.sandbox import Sandbox  # noqa: PLC0415 - as in demo

    console = _console()
    with Sandbox(
        port=port, on_request=lambda record: console.print(_tables.request_line(record), soft_wrap=True)
    ) as servers:
        try:
            grants = {vendor: sandbox_grant(servers, preset) for vendor, preset in VENDORS.items()}
        except OSError as taken:
            raise click.ClickException(f"{taken.strerror}: leave --port {port} out, or try another.") from None
        console.print(_tables.sandbox_table(grants))
        console.print("Each request is shown below, its secrets masked. Ctrl-C ends it.\n")
        threading.Event().wait()


@commands.command()
@click.argument("vendor", type=_Vendor(), metavar="|".join(VENDORS))
@click.option("--scope", "scopes", multiple=True, help="What the token may do; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print when the token ends and what it may do, instead of it.")
def token(vendor: str, scopes: tuple[str, ...], *, as_json: bool) -> None:
    """Get an access token from a vendor and print it.

    The client id and secret come from the environment, as VAINU_CLIENT_ID and VAINU_CLIENT_SECRET, or are asked for.
    What a login obtains is kept in the user's cache folder, and taken from there while it is good.
    """
    grant = _grant(vendor, scopes)
    # Each renewal of a login spends its refresh token, and the next command, or program, must find the new one.
    store = FileStore() if isinstance(grant, AuthorizationCode) else None
    obtained = TokenSource(grant, store=store).token()
    if store is not None and obtained.refresh_token != getattr(grant, "refresh_token", None):
        click.echo(
            f"{vendor} has replaced the refresh token. The new one is kept in {store.path}, where FileStore() finds it "
            f"by {variable(vendor, 'refresh_token')} as it is now: leave that unchanged.",
            err=True,
        )
    click.echo(json.dumps(_described(obtained, grant), indent=2) if as_json else obtained.access_token)


def _grant(vendor: str, scopes: tuple[str, ...]) -> Grant:
    preset = VENDORS[vendor]
    takes = words_of(preset)
    words: dict[str, str] = {}
    if scopes:
        # A refresh token has the scope of its login (RFC 6749 §6).
        if "scope" not in takes or "refresh_token" in takes:
            raise click.UsageError(f"{vendor} gives no choice of scopes: leave --scope out.")
        words["scope"] = " ".join(scopes)
    for word in ("client_id", "client_secret", "refresh_token"):
        if word in takes and not os.environ.get(variable(vendor, word)) and _somebody_is_there():
            label = f"{vendor} {word.replace('_', ' ')}"
            # To stderr: the token stands alone on stdout.
            words[word] = click.prompt(label, hide_input=word != "client_id", err=True)
    return preset(**words)


def _somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _described(obtained: Token, grant: Grant) -> dict[str, object]:
    ends = obtained.expires_at
    return {
        "token_type": obtained.token_type,
        "expires_at": None if ends is None else _iso(ends),
        "expires_in": None if ends is None else max(0, int(ends - time.time())),
        # RFC 6749 §5.1: a server that says nothing granted what was asked for.
        "scope": obtained.scope or grant.scope,
        "api": _origins(grant),
    }


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="seconds")


def _origins(grant: Grant) -> list[str]:
    api = grant.resource_server
    urls = map(urlsplit, filter(None, (api.base_url, *api.origins) if api else ()))
    return list(dict.fromkeys(f"{url.scheme}://{url.netloc}" for url in urls))


def _console() -> Console:
    # What is piped into a file or another program is not wrapped at 80 columns.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160)

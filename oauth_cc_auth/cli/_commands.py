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
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from oauth_cc_auth import AuthorizationCode, OAuthError, Token, TokenSource
from oauth_cc_auth.cli import _advice, _calls, _examination, _options, _state
from oauth_cc_auth.cli._stores import KeptStore, opened, place_of
from oauth_cc_auth.cli._vendors import Grant, Vendor, chosen, login_of, offered, played_by, token_endpoint
from oauth_cc_auth.cli._words import variable
from oauth_cc_auth.presets._played import VARIABLE as SANDBOX_VARIABLE

if TYPE_CHECKING:
    from rich.console import Console

    from oauth_cc_auth.sandbox import Record

INTERRUPTED = 128 + 2  # what a shell reports for a process that SIGINT ended


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Turn what the library raises, and Ctrl-C, into an exit status without a traceback."""
        try:
            with _options.kept():
                return super().invoke(ctx)
        except OAuthError as error:
            raise click.ClickException(_advice.advised(error, ctx)) from None
        except BaseException as error:
            if _is_ctrl_c(error):
                raise click.exceptions.Exit(INTERRUPTED) from None
            raise


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="oauth-cc-auth", message="%(prog)s %(version)s")
def commands() -> None:
    """OAuth 2.0 client credentials: get a token, call an API, see what is stored, find out what is wrong.

    Documentation: docs/cli.md
    """


for _command in (_calls.headers, _calls.call, _state.status, _state.logout, _state.forget, _examination.doctor):
    commands.add_command(_command)


@commands.command(short_help="Watch one token serve many callers.")
@_options.as_json
def demo(*, as_json: bool) -> None:
    """Show one token serving many callers, for five vendors by requests and httpx, at a sandbox on this machine."""
    from oauth_cc_auth.cli._demo import run  # noqa: PLC0415 - Flask, requests and httpx are slow to load

    sys.exit(0 if run(_console(), as_json=as_json) else 1)


@commands.command(short_help="Play vendors on this machine.")
@click.argument("vendors", nargs=-1, type=Vendor(), metavar="[VENDOR]...")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="First port to listen on, one for each address, some 130 in a row; by default any that are free.",
)
@_options.as_json
def sandbox(vendors: tuple[str, ...], port: int, *, as_json: bool) -> None:
    """Play vendors on this machine, and show each request they get, until Ctrl-C.

    Other programs and commands use it with OAUTH_CC_AUTH_SANDBOX=URL or --sandbox URL. A VENDOR that is named is always
    played; what it needs and the environment lacks, such as a tenant, is made up. Without a name, the vendors
    that need no extra setting are played. With --json, the first line says where, and each request is one line.
    Documentation: docs/cli.md
    """
    os.environ.pop(SANDBOX_VARIABLE, None)  # it is meant for those who call this one
    from oauth_cc_auth.cli import _tables  # noqa: PLC0415 - as in demo
    from oauth_cc_auth.sandbox import Sandbox  # noqa: PLC0415 - as in demo

    console = _console()

    def show(record: Record) -> None:
        if as_json:
            click.echo(json.dumps(record.as_dict()))
        else:
            console.print(_tables.request_line(record), soft_wrap=True)

    with Sandbox(port=port, on_request=show) as servers:
        try:
            grants = played_by(servers, vendors)
        except OSError as taken:
            raise click.ClickException(
                f"A port from {port} on cannot be opened ({taken.strerror}): leave --port {port} out, or try another."
            ) from None
        except OverflowError:
            raise click.ClickException(
                f"There are too few ports from {port} on: leave --port {port} out, or try a lower one."
            ) from None
        used = servers.origin(token_endpoint(next(iter(grants.values()))))
        if as_json:
            click.echo(json.dumps({SANDBOX_VARIABLE: used, "vendors": _tables.sandbox_facts(grants)}))
            threading.Event().wait()
        console.print(_tables.sandbox_table(grants), soft_wrap=True)
        console.print(f"\nIn another terminal: export {SANDBOX_VARIABLE}={used}", soft_wrap=True)
        console.print("Each request is shown below, its secrets masked. Ctrl-C ends it.\n")
        threading.Event().wait()


@commands.command(short_help="List or search the vendors, or describe one.")
@click.argument("names", nargs=-1, metavar="[VENDOR | WORD]...", shell_complete=offered)
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table as the docs have it, with its sources.")
@_options.as_json
def vendors(names: tuple[str, ...], *, as_markdown: bool, as_json: bool) -> None:
    """List the vendors and where their tokens go. With names, describe these presets: the call, the variables, what is
    special, and the pages where that was read. Words that name no preset are searched for, as `vendors payment`.

    In a pipe, each preset is one line, its columns separated by tabs. Documentation: docs/cli.md
    """
    from oauth_cc_auth.cli import _catalogue  # noqa: PLC0415 - it loads every vendor

    meant, is_search = _catalogue.meant_by_all(names)
    entries, broken = _catalogue.catalogue(meant)
    if as_json:
        click.echo(json.dumps([_catalogue.as_dict(entry) for entry in entries], indent=2))
    elif as_markdown:
        click.echo("\n".join(_catalogue.markdown(entries)))
    elif names and not is_search:
        click.echo("\n".join(_catalogue.described(entries)), nl=bool(entries))
    elif sys.stdout is not None and sys.stdout.isatty():
        _console().print(_catalogue.terminal_table(entries))
        click.echo("`oauth-cc-auth vendors NAME` says everything about one.")
    else:
        click.echo("\n".join(_catalogue.lines(entries)))
    if broken:
        raise click.ClickException("\n".join(broken))


@commands.command(short_help="Get an access token and print it.")
@_options.of_a_call
@_options.as_json
def token(
    vendor: str,
    options: dict[str, str],
    scopes: tuple[str, ...],
    store: str | None,
    login_name: str | None,
    *,
    as_json: bool,
) -> None:
    """Get an access token from a vendor and print it; `oauth-cc-auth vendors` lists them.

    The client id and secret come from the environment, as VAINU_CLIENT_ID and VAINU_CLIENT_SECRET, or are asked for.
    Logins are read from the cache folder. Other tokens are not stored unless you pass --store. With --json, print when
    the token ends and what it may do, and not the token. Documentation: docs/cli.md
    """
    choice = chosen(vendor, options=options, scopes=scopes, login=login_name, store=store)
    grant = choice.grant
    # Each renewal of a login spends its refresh token, and the next command, or program, must find the new one.
    kept = opened(store or "file") if store or isinstance(grant, AuthorizationCode) else None
    obtained = TokenSource(grant, store=kept).token()
    first = getattr(grant, "refresh_token", None)
    if kept is not None and first and obtained.refresh_token != first:
        name, finder = variable(vendor, "refresh_token"), type(kept).__name__
        click.echo(
            f"{vendor} has replaced the refresh token. The new one is kept in {place_of(kept)}, where {finder}() finds "
            f"it by {name} as it is now: leave that unchanged.",
            err=True,
        )
    click.echo(json.dumps(_described(obtained, grant), indent=2) if as_json else obtained.access_token)


@commands.command(short_help="Log in at a vendor with the browser.")
@_options.of_a_call
@click.option("--no-browser", is_flag=True, help="Print the address to open, instead of opening it.")
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    help="Port of the redirect http://127.0.0.1:PORT/callback, for vendors that know it with its port; by default any.",
)
@click.option(
    "--timeout", type=click.FloatRange(1, 86400), default=300, show_default=True, help="Seconds to wait for the user."
)
@_options.as_json
def login(  # noqa: PLR0917 - click passes each by its name
    vendor: str,
    options: dict[str, str],
    port: int | None,
    scopes: tuple[str, ...],
    store: str | None,
    timeout: float,
    login_name: str | None,
    *,
    no_browser: bool,
    as_json: bool,
) -> None:
    """Log in at a vendor with the browser, and keep the tokens for your programs; `oauth-cc-auth vendors` lists them.

    The client id and secret come from the environment, as VEND_EMAIL_CLIENT_ID and VEND_EMAIL_CLIENT_SECRET, or are
    asked for. With --no-browser, the browser may run elsewhere if this machine's --port is forwarded to it (ssh -L).
    Documentation: docs/cli.md
    """
    import webbrowser  # noqa: PLC0415 - only a login needs it

    from oauth_cc_auth.cli._login import log_in, report  # noqa: PLC0415 - http.server is slow to load

    choice = chosen(login_of(vendor), options=options, scopes=scopes, login=login_name, store=store)
    kept = KeptStore(store or "file")
    browse = None if no_browser else webbrowser.open
    obtained = log_in(choice, kept, port=port or 0, seconds=timeout, browse=browse, say=partial(click.echo, err=True))
    if as_json:
        click.echo(json.dumps({**_described(obtained, choice.grant), "store": place_of(kept.store)}, indent=2))
    else:
        click.echo(report(choice, kept, obtained))


def _is_ctrl_c(error: BaseException) -> bool:
    """Tell Ctrl-C, also where the tasks of an event loop have put it into a group, which Python 3.10 does not know."""
    within = getattr(error, "exceptions", ())
    whole = isinstance(within, tuple) and bool(within) and all(map(_is_ctrl_c, within))
    return whole or isinstance(error, (KeyboardInterrupt, click.Abort))


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
    from rich.console import Console  # noqa: PLC0415 - slow to load

    # What is piped into a file or another program is not wrapped at 80 columns.
    return Console(highlight=False, width=None if sys.stdout is not None and sys.stdout.isatty() else 160)

"""`headers` and `call`: a vendor's API from the shell, with the token where the vendor wants it."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import urlsplit

import click

from oauth_cc_auth import AuthorizationCode, OAuthError, TokenSource
from oauth_cc_auth.cli import _options
from oauth_cc_auth.cli._stores import opened
from oauth_cc_auth.cli._vendors import chosen

# Seconds until the API must have begun to answer.
_TIMEOUT = 60.0

# The first status that is an error (RFC 9110 §15.5).
_ERROR = 400

_CHUNK = 1 << 16

# These carry credentials, which do not belong into an argument.
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})


def source_for(
    vendor: str, options: dict[str, str], scopes: tuple[str, ...], store: str | None, login_name: str | None
) -> TokenSource:
    """Return the source of a vendor's token, as the options describe it. Raises OAuthError and ClickException."""
    grant = chosen(vendor, options=options, scopes=scopes, login=login_name, store=store, keys=True).made
    kept = opened(store or "file") if store or isinstance(grant, AuthorizationCode) else None
    return TokenSource(grant, store=kept)


@click.command(short_help="Print the headers that present a token, for curl.")
@_options.of_a_call
@click.argument("url", metavar="URL|PATH")
@click.option("--method", default="GET", show_default=True, help="The method of the request, for proofs of possession.")
@_options.as_json
def headers(url: str, method: str, *, as_json: bool, **about: Any) -> None:
    """Print the headers of one request to URL, one `Name: value` a line, for `curl -H @- URL`.

    A PATH is below the vendor's API, as for `call`; the whole URL, which curl needs, is then printed on stderr. The
    token goes to the vendor's own hosts only: another URL is refused. Documentation: docs/cli.md
    """
    source = source_for(**about)
    whole = _below(source, url)
    presented = source.headers(method.upper(), whole)
    if whole != url:
        click.echo(f"For {whole}", err=True)
    if as_json:
        click.echo(json.dumps(dict(presented), indent=2))
        return
    for name, value in presented.items():
        click.echo(f"{name}: {value}")


def _header(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    headers = {}
    for header in given:
        name, colon, value = header.partition(":")
        if not colon or not name.strip():
            raise click.BadParameter("use 'Name: value'.", ctx=ctx, param=param)
        if name.strip().lower() in _SECRET_HEADERS:
            message = f"{name.strip()} is a credential, which other processes could read: the command sends its own."
            raise click.BadParameter(message, ctx=ctx, param=param)
        headers[name.strip()] = value.strip()
    return headers


@click.command(short_help="Send one request to a vendor's API.")
@_options.of_a_call
@click.argument("method")
@click.argument("path")
@click.option("-H", "--header", "added", multiple=True, callback=_header, help="A further header 'Name: value'.")
def call(method: str, path: str, added: dict[str, str], **about: Any) -> None:
    """Send one request with a token and print the answer's body: oauth-cc-auth call zoom GET /users/me

    PATH is below the vendor's API, or a whole URL of the vendor's. The request's body is read from stdin unless that is
    a terminal or empty; it is JSON unless -H says otherwise. From status 400 on the answer's body goes to stderr, and
    the exit status is 1. Documentation: docs/cli.md
    """
    import requests  # noqa: PLC0415 - slow to load

    from oauth_cc_auth import RequestsAuth  # noqa: PLC0415 - as above

    body = _body()
    source = source_for(**about)
    url = _below(source, path)
    if body is not None and not any(name.lower() == "content-type" for name in added):
        added = {"Content-Type": "application/json", **added}
    try:
        answer = requests.request(
            method.upper(), url, data=body, headers=added, auth=RequestsAuth(source), timeout=_TIMEOUT, stream=True
        )
        with answer:
            failed = answer.status_code >= _ERROR
            to = (sys.stderr if failed else sys.stdout).buffer
            part = b""
            for part in answer.iter_content(_CHUNK):
                to.write(part)
            if failed and part and not part.endswith(b"\n"):
                to.write(b"\n")  # our own line follows
            to.flush()
    except OAuthError:
        raise
    except requests.RequestException as error:
        message = f"{urlsplit(url).hostname} gave no answer ({type(error).__name__}). Check the network and the URL."
        raise click.ClickException(message) from None
    if failed:
        raise click.ClickException(f"{urlsplit(url).hostname} answered {answer.status_code} {answer.reason}.".strip())


def _body() -> bytes | None:
    """Return what stands on stdin; None where that is a terminal, closed or empty."""
    if sys.stdin is None or sys.stdin.isatty():
        return None
    return sys.stdin.buffer.read() or None


def _is_whole(url: str) -> bool:
    return url.lower().startswith(("https://", "http://"))


def _below(source: TokenSource, path: str) -> str:
    if not _is_whole(path) and source.base_url() is None:
        raise click.UsageError("This vendor has no single address for its API: give a whole URL in place of PATH.")
    return source.url(path)

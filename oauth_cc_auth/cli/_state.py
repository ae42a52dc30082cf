"""`status`, `logout` and `forget`: what a store holds, and how to be rid of it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

import click

from oauth_cc_auth import OAuthError, Token, TokenSource, TokenStore, presets
from oauth_cc_auth.cli import _options
from oauth_cc_auth.cli._stores import opened, place_of
from oauth_cc_auth.cli._vendors import Vendor, chosen
from oauth_cc_auth.stores._entries import Entry

# What the package counts a vendor's limit with is kept as a token that no API takes.
_LEDGER = "issuance-ledger"

# Characters of the chart of a token's life.
_WIDTH = 20

_vendor = click.argument("vendor", type=Vendor(), required=False, metavar="[VENDOR]")
_all = click.option("--all", "everything", is_flag=True, help="Of all vendors.")


@click.command(short_help="Show which tokens are stored, whose, and until when.")
@_vendor
@_options.store
@_options.as_json
def status(vendor: str | None, store: str | None, *, as_json: bool) -> None:
    """Show which tokens are stored, whose they are and until when they live. Nothing is sent, and no token is printed.

    A token that a program keeps in its memory only is not shown: give the program a store, or see source.status()
    there. The bar shows how much of a token's life is left: full for a new one, empty for an expired one.

    The exit status is 1 where an entry is expired and cannot be renewed, or cannot be read. Documentation: docs/cli.md
    """
    kept = opened(store or "file")
    shown = [_described(entry) for entry in listed(kept) if vendor is None or is_of(entry, vendor)]
    if as_json:
        click.echo(json.dumps(shown, indent=2))
    elif not shown:
        click.echo(
            f"Nothing is stored in {place_of(kept)}{f' for {vendor}' if vendor else ''}. Tokens that programs keep in "
            "their memory only are not shown here."
        )
    else:
        click.echo("\n".join(_line(about) for about in shown))
    if any(about["trouble"] for about in shown):
        raise click.exceptions.Exit(1)


@click.command(short_help="Delete stored tokens here; the vendor is not told.")
@_vendor
@_options.store
@_all
@_options.as_json
def forget(vendor: str | None, store: str | None, *, everything: bool, as_json: bool) -> None:
    """Delete the stored tokens of VENDOR, or with --all those of all vendors. The vendor is not told: use `logout` to
    revoke them there too. Documentation: docs/cli.md
    """
    kept = opened(store or "file")
    _check_choice(vendor, everything=everything)
    _report({}, kept, _cleared(kept, vendor), as_json=as_json)


@click.command(short_help="Revoke stored tokens at the vendor, and delete them.")
@_vendor
@_options.preset_options
@_options.login_name
@_options.profile
@_options.store
@_all
@_options.sandbox
@_options.as_json
def logout(
    vendor: str | None,
    options: dict[str, str],
    login_name: str | None,
    store: str | None,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """Revoke the stored token or login of VENDOR, and delete it here; with --all those of all vendors.

    A vendor without a revocation endpoint is not asked: the tokens are deleted here, and live at the vendor until they
    expire. What another client or login has stored is kept, and the exit status is 1. Documentation: docs/cli.md
    """
    kept = opened(store or "file")
    _check_choice(vendor, everything=everything)
    stored = list(listed(kept))
    names = {entry.label.get("vendor", "") for entry in stored} if vendor is None else {vendor}
    told, deleted, left = [], 0, 0
    for name in sorted(names):
        before = _entries_of(name, stored, exactly=everything)
        refusal = _revoke(name, options, login_name, kept) if before else f"Nothing is stored for {name}."
        # The store's entry goes with the token that is revoked, and only with that.
        after = _entries_of(name, listed(kept), exactly=everything)
        is_revoked = refusal is None and len(after) < len(before)
        if is_revoked:
            what = "login" if any(entry.token and entry.token.refresh_token for entry in before) else "token"
            click.echo(f"{name}: the {what} is revoked.", err=True)
        if refusal is not None:
            click.echo(refusal, err=True)
            for entry in after:
                entry.remove()
        elif after:
            left += len(after)
            click.echo(_of_others(name, after), err=True)
        told.append({"vendor": name, "revoked": is_revoked})
        deleted += len(before) - (0 if refusal else len(after))
    _report({"vendors": told}, kept, deleted, as_json=as_json)
    if left:
        raise click.exceptions.Exit(1)


def _entries_of(name: str, entries: Iterable[Entry], *, exactly: bool) -> list[Entry]:
    return [entry for entry in entries if (entry.label.get("vendor", "") == name if exactly else is_of(entry, name))]


def _of_others(name: str, entries: Collection[Entry]) -> str:
    """Say what was not revoked, whose it is, and what to do."""
    clients = ", ".join(sorted({entry.label.get("client_id") or "unknown" for entry in entries}))
    return (
        f"{name}: not revoked, and kept: {len(entries)} of client {clients}, stored with another client, secret, scope "
        "or login than the one that is set now. It lives at the vendor until it expires. Set what it was stored with "
        f"and repeat this, or delete it here alone: `oauth-cc-auth forget {name}`."
    )


def _check_choice(vendor: str | None, *, everything: bool) -> None:
    if (vendor is None) is not everything:
        raise click.UsageError("Name one VENDOR, or give --all.")


def _revoke(vendor: str, options: dict[str, str], login: str | None, store: TokenStore) -> str | None:
    """Revoke a vendor's token; return why it cannot be asked for that. Raises OAuthError where it does not do it."""
    name = vendor.replace("-", "_")
    if name not in presets.names():
        return f"{vendor or 'An entry without a label'}: there is no such preset, so nothing is revoked."
    grant = chosen(vendor, options=options, login=login, keys=True).made
    if getattr(grant, "revocation_endpoint", None) is None:
        return f"{vendor} has no revocation endpoint: the token lives there until it expires."
    try:
        TokenSource(grant, store=store).revoke()
    except OAuthError as error:
        error.args = (f"{error.args[0]} Nothing was deleted; `oauth-cc-auth forget {vendor}` deletes it here.",)
        raise
    return None


def _cleared(store: TokenStore, vendor: str | None) -> int:
    """Delete a vendor's entries, or all, and return how many there were."""
    count = 0
    for entry in listed(store):
        if vendor is None or is_of(entry, vendor):
            entry.remove()
            count += 1
    return count


def _report(more: dict[str, Any], store: TokenStore, count: int, *, as_json: bool) -> None:
    things = "1 entry" if count == 1 else f"{count} entries"
    text = json.dumps(more | {"deleted": count, "store": place_of(store)}, indent=2)
    click.echo(text if as_json else f"Deleted {things} in {place_of(store)}.")


def listed(store: TokenStore) -> Iterator[Entry]:
    """Return a store's entries. Raises ClickException for a store that is out of reach, or cannot list them."""
    entries: Any = getattr(store, "entries", None)
    if entries is None:
        raise click.ClickException(
            f"{place_of(store)} cannot list what it holds: look for 'oauth-cc-auth' in your desktop's program for it."
        )
    try:
        found = [entry for entry in entries() if not _is_ledger(entry)]
    except Exception as error:  # noqa: BLE001 - a store's driver raises what it likes, and may quote a password
        why = getattr(error, "strerror", None) or type(error).__name__
        raise click.ClickException(
            f"{place_of(store)} cannot be read ({why}). Check --store, or OAUTH_CC_AUTH_STORE."
        ) from None
    return iter(found)


def is_of(entry: Entry, vendor: str) -> bool:
    """Tell whether an entry is a vendor's, by its label: the user's logins of `vibe` are `vibe_user`'s."""
    name = vendor.replace("-", "_")
    return entry.label.get("vendor") in {name, f"{name}_user"}


def _is_ledger(entry: Entry) -> bool:
    return entry.token is not None and entry.token.access_token == _LEDGER


def _described(entry: Entry) -> dict[str, Any]:
    label, token = entry.label, entry.token
    about: dict[str, Any] = {name: label.get(name) for name in ("vendor", "host", "client_id", "login")}
    about |= {"place": entry.place, "state": "unreadable", "trouble": entry.problem}
    if token is None:
        return about
    now = time.time()
    ended = token.ends_at() <= now
    state = "valid" if not ended else "expired, renewed at the next call" if token.refresh_token else "expired"
    about |= {
        "state": state,
        "expires_at": None if token.expires_at is None else _iso(token.expires_at),
        "expires_in": None if token.expires_at is None else max(0, int(token.expires_at - now)),
        "lifetime": token.lifetime,
        "refreshable": token.refresh_token is not None,
        "scope": token.scope,
        "left": _share_left(token, now),
        "trouble": "expired, and there is no refresh token" if state == "expired" else None,
    }
    return about


def _share_left(token: Token, now: float) -> float | None:
    """Return which share of a token's life is left, from 1.0 for a new one to 0.0; None where it has no known end."""
    if not token.lifetime:
        return None if token.lifetime is None else 0.0
    return round(1 - min(max((now - token.obtained_at) / token.lifetime, 0.0), 1.0), 3)


def _line(about: dict[str, Any]) -> str:
    whose = " ".join(filter(None, (about["vendor"] or "unknown", about["login"])))
    where = ", ".join(filter(None, (about["host"], about["client_id"] and f"client {about['client_id']}")))
    if about["state"] == "unreadable":
        return f"{whose:<20} [{'?' * _WIDTH}] {about['trouble']} ({about['place']})"
    share = 1.0 if about["left"] is None else about["left"]
    # As a battery shows it: while anything is left, there is a mark.
    chart = ("#" * math.ceil(share * _WIDTH)).ljust(_WIDTH, "-")
    until = "no end is known: valid until the vendor refuses it"
    if about["expires_at"] is not None:
        left = f"{about['expires_in']:,} of {about['lifetime']:,.0f} s left, until" if about["expires_in"] else "since"
        until = f"{about['state']}: {left} {about['expires_at']}"
    return f"{whose:<20} [{chart}] {until} ({where})".replace(" ()", "")


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="seconds")

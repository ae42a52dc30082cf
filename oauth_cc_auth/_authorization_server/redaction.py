"""Secrets that a server echoes, masked in whatever spelling it chose: in errors, and in what is kept of an answer."""

from __future__ import annotations

import html
import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import TokenBudgetExceeded, TokenRequestError

T = TypeVar("T")


# What is kept of a server's text; the rest of an error page helps nobody in a log.
_LONGEST_TEXT = 1000


# To mask a secret of fewer characters would make a message unreadable, and protect nothing: it is guessed at once.
_SHORTEST_MASKED = 4


def masked(text: str, secrets: Collection[str]) -> str:
    """Return the text without the secrets that somebody echoed in it, however they were encoded."""
    for spelling in _spelled(secrets):
        text = text.replace(spelling, "***")
    return text


def without_echo(read: T, secrets: Collection[str]) -> T:
    """Return what was read, a token without the secrets that the server echoed beside it."""
    if not isinstance(read, Token):
        return read
    spelled = _spelled(secrets)

    def kept(value: Any) -> Any:
        # No deeper than the `kept` which has been here before, so that no answer is nested too deeply for this one.
        if isinstance(value, dict):
            return {name: kept(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [kept(inner) for inner in value]
        if isinstance(value, str):
            for spelling in spelled:
                value = value.replace(spelling, "***")
        return value

    return replace(read, extra=kept(dict(read.extra)))


def _spelled(secrets: Collection[str]) -> list[str]:
    found: list[str] = []
    for secret in sorted({secret for secret in secrets if len(secret) >= _SHORTEST_MASKED}, key=len, reverse=True):
        encoded = {quote_plus(secret), quote(secret, safe="")}
        # Where a redirect's target holds the address that was asked for, what was encoded there is encoded again.
        spellings = {secret, *encoded, *(quote(once, safe="") for once in encoded)}
        spellings |= {json.dumps(secret)[1:-1], repr(secret)[1:-1]}
        spellings |= {html.escape(secret), html.escape(secret, quote=False)}
        spellings.add(secret.encode("cp1252", "replace").decode(errors="replace"))  # as read for UTF-8
        found += sorted(spellings, key=len, reverse=True)
    return found


def mask_error(error: TokenRequestError | TokenBudgetExceeded, secrets: Collection[str]) -> None:
    """Remove secrets that the server echoed from an error's message and fields, and only then cut what is too long."""
    error.masked_by(lambda text: masked(text, secrets)[:_LONGEST_TEXT])

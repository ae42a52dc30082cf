"""A token as bytes, for stores that keep bytes: one JSON object with a version, bound to the key it was saved under.

What is read back is judged strictly, because anybody may have written it: every member must be there and have its type.
Members that are not known are ignored; what a reader of this version would misunderstand gets a new version number.
"""

from __future__ import annotations

import json
import math
from hashlib import blake2b
from typing import Any

from oauth_cc_auth._token import Token

VERSION = 1

_TEXT = ("access_token", "token_type")
_TEXT_OR_NONE = ("scope", "refresh_token")


def dump(token: Token, key: str) -> bytes:
    """Return the token as JSON, in ASCII, for the entry of this key. What `extra` holds and JSON cannot is dropped."""
    content = {
        "version": VERSION,
        "key": _mark(key),
        "access_token": token.access_token,
        "token_type": token.token_type,
        "expires_at": token.expires_at,
        "obtained_at": token.obtained_at,
        "scope": token.scope,
        "refresh_token": token.refresh_token,
        "extra": {name: value for name, value in token.extra.items() if _fits(name, value)},
        "label": dict(token.label),
    }
    return json.dumps(content, allow_nan=False).encode()


def parse(data: bytes, key: str | None) -> Token:
    """Return the token that `dump` made these bytes of, for this key; None: only to look at it, under any key.

    Raises ValueError, with nothing of the content in its message or its context, for what is truncated, foreign, of a
    newer version or ill-typed, or was saved under another key: an entry that is moved to another's name must not send
    one client's token to another's API.
    """
    content = _json(data)
    if not isinstance(content, dict) or type(content.get("version")) is not int:
        raise ValueError("this is no token of this package, or the end of it is missing")
    if content["version"] > VERSION:
        raise ValueError("a newer version of this package wrote this token")
    obtained_at, expires_at = _seconds(content.get("obtained_at")), _seconds(content.get("expires_at"))
    if (
        content["version"] < VERSION
        or not all(isinstance(content.get(name), str) and content[name] for name in _TEXT)
        or not all(isinstance(content.get(name, 0), (str, type(None))) for name in _TEXT_OR_NONE)
        or obtained_at is None
        or (expires_at is None and content.get("expires_at", 0) is not None)
        or not isinstance(content.get("extra"), dict)
    ):
        raise ValueError("this token lacks a member, or one has the wrong type")
    if key is not None and content.get("key") != _mark(key):
        raise ValueError("this token was saved under another key")
    texts = {name: content[name] for name in _TEXT + _TEXT_OR_NONE}
    # Older releases wrote no label.
    label = content.get("label")
    label = label if isinstance(label, dict) and all(isinstance(text, str) for text in label.values()) else {}
    return Token(**texts, expires_at=expires_at, obtained_at=obtained_at, extra=content["extra"], label=label)


def _mark(key: str) -> str:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _json(data: bytes) -> Any:
    # A decoder's exception quotes what it read: it must not become the context of ours.
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:  # JSON's integers have no end
        return None


def _fits(name: object, value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return isinstance(name, str)

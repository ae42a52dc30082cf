"""Members of a JSON document, named by a path: "access_token", "data.access_token", "errors.0.code"."""

from __future__ import annotations

import json
from collections.abc import Iterable
from math import inf
from typing import Any, TypeAlias

from oauth_cc_auth._text import printable

# One path, or several that are tried in turn.
Paths: TypeAlias = "str | Iterable[str]"


def json_value(body: bytes | str) -> Any:
    """Return what a body of JSON holds, None where it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def json_object(body: bytes | str) -> dict[str, Any] | None:
    """Return the object that a body holds, None for anything else."""
    members = json_value(body)
    return members if isinstance(members, dict) else None


def member(document: object, path: str) -> Any:
    """Return what stands at this path, None where nothing does; a number in a path counts the items of a list."""
    if isinstance(document, dict) and path in document:
        return document[path]  # some names have a dot in them
    name, _, rest = path.partition(".")
    if isinstance(document, dict):
        found = document.get(name)
    elif isinstance(document, list) and name.isdecimal():
        found = document[int(name)] if int(name) < len(document) else None
    else:
        return None
    return member(found, rest) if rest else found


def text_at(document: object, paths: Iterable[str]) -> str | None:
    """Return the first text or number at one of these paths, in one line: a server's text ends up in logs."""
    for path in paths:
        found = member(document, path)
        if isinstance(found, (str, int, float)) and not isinstance(found, bool) and found != "":
            return printable(str(found))
    return None


def positive(value: object) -> float | None:
    """Return a number above 0 that is one, or reads as one; None for everything else."""
    # RFC 6749 §5.1 wants a number; UPS, USPS and M-Pesa send a string, Mailchimp 0, others null or words.
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 < number < inf else None


def each_of(paths: object) -> tuple[str, ...] | None:
    """Return one path or several as a tuple, None for what is neither."""
    several = (paths,) if isinstance(paths, str) else tuple(paths) if isinstance(paths, Iterable) else ("",)
    return several if all(isinstance(path, str) and path for path in several) else None


def string_or_none(value: object) -> str | None:
    """Return a string that is not empty, None for everything else."""
    return value if isinstance(value, str) and value else None

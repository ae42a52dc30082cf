"""WWW-Authenticate: what a server says about the credentials it wants (RFC 9110 §11.6.1).

A header holds challenges separated by commas, and a challenge holds parameters separated by commas, so only the next
token tells which of the two a comma ended. What does not parse is skipped: a malformed header must not break a call.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"

_PARAMETER = re.compile(
    rf'({_TOKEN})[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|{_TOKEN})(?=[ \t,;]|$)'
)  # some servers forget the comma

_SCHEME = re.compile(rf"({_TOKEN})(?:[ \t]+|(?=,)|$)")

_TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))")

_SEPARATOR = re.compile(r"[ \t]*(?:[,;][ \t]*)*")  # or put a semicolon


class Challenge(NamedTuple):
    """One challenge: its scheme and its parameters, both names in lower case."""

    scheme: str
    parameters: dict[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """Return the challenges of a WWW-Authenticate header; several headers may be joined by commas (RFC 9110 §5.3)."""
    challenges: list[Challenge] = []
    at = 0
    while at < len(header):
        at = _SEPARATOR.match(header, at).end()  # type: ignore[union-attr]  # matches the empty string
        if challenges and (parameter := _PARAMETER.match(header, at)):
            name, value = parameter.groups()
            challenges[-1].parameters.setdefault(name.lower(), _unquoted(value))
            at = parameter.end()
        elif scheme := _SCHEME.match(header, at):
            challenges.append(Challenge(scheme[1].lower(), {}))
            at = scheme.end()
            if not _PARAMETER.match(header, at) and (token68 := _TOKEN68.match(header, at)):
                at = token68.end()
        else:
            comma = header.find(",", at)
            at = len(header) if comma < 0 else comma + 1
    return challenges


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value

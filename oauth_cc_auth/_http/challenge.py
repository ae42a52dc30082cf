"""WWW-Authenticate: what a server says about the credentials it wants (RFC 9110 §11.6.1).

A header holds challenges separated by commas, and a challenge holds parameters separated by commas, so only the next
token tells which of the two a comma ended. What does not parse is skipped: a malformed header must not break a call.
"""

from __future__ import annotations

import re
from typing import TypeAlias

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"

_PARAMETER = rf'({_TOKEN})[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|{_TOKEN})(?=[ \t,;]|$)'  # some servers forget the comma

_SCHEME = rf"({_TOKEN})(?:[ \t]+|(?=,)|$)"

_TOKEN68 = r"[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))"

_SEPARATOR = r"[ \t]*(?:[,;][ \t]*)*"  # or put a semicolon


# One challenge: its scheme and its parameters, both names in lower case.
Challenge: TypeAlias = tuple[str, dict[str, str]]


def parse_challenges(header: str) -> list[Challenge]:
    """Return the challenges of a WWW-Authenticate header; several headers may be joined by commas (RFC 9110 §5.3)."""
    # Compiled with the first challenge, and kept by `re`.
    parameters, schemes, token68s, separators = map(re.compile, (_PARAMETER, _SCHEME, _TOKEN68, _SEPARATOR))
    challenges: list[Challenge] = []
    at = 0
    while at < len(header):
        at = separators.match(header, at).end()  # type: ignore[union-attr]  # matches the empty string
        if challenges and (parameter := parameters.match(header, at)):
            name, value = parameter.groups()
            challenges[-1][1].setdefault(name.lower(), _unquoted(value))
            at = parameter.end()
        elif scheme := schemes.match(header, at):
            challenges.append((scheme[1].lower(), {}))
            at = scheme.end()
            if not parameters.match(header, at) and (token68 := token68s.match(header, at)):
                at = token68.end()
        else:
            comma = header.find(",", at)
            at = len(header) if comma < 0 else comma + 1
    return challenges


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value

"""What a server or a library said, made fit for a message: one line of printable characters, and not too long."""

from __future__ import annotations

# Characters of a library's message that are shown: urllib3 quotes the address twice before it comes to the reason.
_SHOWN_DETAIL = 200


def printable(text: str) -> str:
    """Return the text in one line: what a server or a library said ends up in terminals and logs."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def brief(text: str) -> str:
    """Return what a server named, such as a URL, fit for a message."""
    return shortened(printable(text))


def shortened(detail: str) -> str:
    """Return what was said in one line, without its middle where it is long: host and reason stand at the ends."""
    line = " ".join(detail.split())
    half = (_SHOWN_DETAIL - len(" … ")) // 2
    return line if len(line) <= _SHOWN_DETAIL else f"{line[:half]} … {line[-half:]}"

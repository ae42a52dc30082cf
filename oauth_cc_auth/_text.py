"""Parts of messages: what a server or a library said, in one line and not too long, and how a library is installed."""

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
    """Return what was said in one line; of a long text the beginning and the end, where host and reason stand.

    Two thirds go to the beginning: a mock names the request that it does not know only after a sentence of its own.
    """
    line = " ".join(detail.split())
    end = (_SHOWN_DETAIL - len(" … ")) // 3
    return line if len(line) <= _SHOWN_DETAIL else f"{line[: 2 * end]} … {line[-end:]}"


def needs(what: str, libraries: str, *extras: str) -> str:
    """Return the message for a library that is not installed: what needs it, and which extras of setup.cfg bring it."""
    named = ", or ".join(f'"oauth-cc-auth[{extra}]"' for extra in extras)
    return f"{what} needs {libraries}: pip install {named}"

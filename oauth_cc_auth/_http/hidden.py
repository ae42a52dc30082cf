"""Header values that neither print nor pickle: requests and responses keep them, and users log and pickle responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import SupportsIndex

from oauth_cc_auth._token import Token


class Presented(str):
    """What we put into a header: a token, which it knows, or a vendor's key. It neither prints nor pickles.

    Requests and responses keep their headers, and users log and pickle responses.
    """

    __slots__ = ("token",)
    token: Token | None

    def __repr__(self) -> str:
        """Hide the value."""
        return "'***'"

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Pickle to a mask."""
        return str, ("***",)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[type[str], tuple[str]]:
        """Pickle to a mask, with every protocol."""
        return str, ("***",)

    def __copy__(self) -> Presented:
        """Stay whole in this process."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Presented:
        """Stay whole in this process."""
        return self

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Encode to bytes that do not print or pickle either: httpx keeps headers as bytes."""
        return _PresentedBytes(str.encode(self, encoding, errors))


class _PresentedBytes(bytes):
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        value = Presented(bytes.decode(self, encoding, errors))
        value.token = None
        return value

    def __repr__(self) -> str:
        return "b'***'"

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[type[bytes], tuple[bytes]]:
        return bytes, (b"***",)

    def __copy__(self) -> _PresentedBytes:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> _PresentedBytes:
        return self


def is_presented(value: object) -> bool:
    """Tell whether a header's value is what we put there, as text or as httpx keeps it."""
    return isinstance(value, (Presented, _PresentedBytes))


def hidden(headers: Mapping[str, str]) -> dict[str, Presented]:
    """Return the API's own headers so that they print and pickle no more than a token: a vendor's key is one too."""
    return {name: presented_text(value) for name, value in headers.items()}


def presented_text(text: str, token: Token | None = None) -> Presented:
    value = Presented(text)
    value.token = token
    return value

"""Header values that do not print: requests and responses keep them, and users log and pickle responses.

What an auth class sets pickles to a mask, because it lies in responses that users pickle. What a caller was given by
name refuses to be pickled: a worker that unpickled a mask would send it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn, SupportsIndex, TypeVar

_T = TypeVar("_T", bound="Hidden")

# These make the same bytes of ASCII, which tokens are; they are made once, because a token is sent with many requests.
_ALIKE = frozenset({"ascii", "latin-1", "utf-8"})


class Hidden(str):
    """A text that we put into a header: a token, or a vendor's key. It does not print, and pickles to a mask."""

    __slots__ = ("_encoded",)

    _encoded: _HiddenBytes

    def __repr__(self) -> str:
        """Hide the value."""
        return "'***'"

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[type[str], tuple[str]]:
        """Pickle to a mask, with every protocol."""
        return str, ("***",)

    def __copy__(self: _T) -> _T:  # noqa: PYI019 - Self is in typing only from Python 3.11
        """Stay whole in this process."""
        return self

    def __deepcopy__(self: _T, memo: dict[int, object]) -> _T:  # noqa: PYI019 - as above
        """Stay whole in this process."""
        return self

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Encode to bytes that do not print or pickle either: httpx keeps headers as bytes."""
        if encoding not in _ALIKE:
            return _HiddenBytes(str.encode(self, encoding, errors))
        try:
            return self._encoded
        except AttributeError:
            encoded = _HiddenBytes(str.encode(self, encoding, errors))
            if encoded.isascii():
                self._encoded = encoded
            return encoded


class HandedOut(Hidden):
    """The same for a caller who got it by name and may carry it elsewhere: it cannot be pickled."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Raise TypeError, as for anything that cannot be pickled."""
        message = (
            "cannot pickle a header that presents a token: it would carry the token to where it is not hidden. Pickle "
            "the TokenSource or the grant instead, and make the headers where the request is sent."
        )
        raise TypeError(message)


class _HiddenBytes(bytes):
    # What it decodes to: not the text that it was made of, which would make a circle.
    _decoded: Hidden | None = None

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        if self._decoded is not None and encoding in _ALIKE:
            return self._decoded
        decoded = Hidden(bytes.decode(self, encoding, errors))
        if encoding in _ALIKE and self.isascii():
            self._decoded = decoded
        return decoded

    def __repr__(self) -> str:
        return "b'***'"

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[type[bytes], tuple[bytes]]:
        return bytes, (b"***",)

    def __copy__(self) -> _HiddenBytes:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> _HiddenBytes:
        return self


def is_hidden(value: object) -> bool:
    """Tell whether a header's value is what we put there, as text or as httpx keeps it."""
    return isinstance(value, (Hidden, _HiddenBytes))


def hidden(headers: Mapping[str, str], kind: type[_T] = Hidden) -> dict[str, _T]:  # type: ignore[assignment]  # the default of a type variable
    """Return these headers with values that do not print."""
    return {name: kind(value) for name, value in headers.items()}

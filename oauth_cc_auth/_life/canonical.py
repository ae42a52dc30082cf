"""A value as bytes that no other value has: each part has its kind and its length before it.

Mappings and sets count in any order, sequences in theirs. Of a dataclass of this package those fields count that are
not at their default, so that a field which is added later changes no key. Anything else, such as a function, is for the
subclass to name.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any, cast

from oauth_cc_auth._frozen import fields_of

_PACKAGE = __name__.partition(".")[0]


class Canonical:
    """Writes values one after the other; `left_out` names the paths of fields that do not count."""

    __slots__ = ("_left_out", "_parts")

    def __init__(self, left_out: frozenset[str] = frozenset()) -> None:
        """Begin with nothing."""
        self._parts: list[bytes] = []
        self._left_out = left_out

    def stand_for(self, path: str, value: object) -> str:
        """Return what stands for a value whose content cannot be seen."""
        raise NotImplementedError

    def written(self) -> bytes:
        """Return everything that was written."""
        return b"".join(self._parts)

    def write(self, path: str, value: object) -> None:
        """Write a value; `path` says where it stands, for messages."""
        if type(value) is str:
            self._part(b"s", value)
        elif value is None or type(value) in (bool, int, float):
            self._part(b"n", repr(value))
        elif type(value) is bytes:
            self._part(b"b", value.hex())
        elif isinstance(value, (str, int, float)):
            # A member of an enumeration may be sent as its name or as its value.
            self._part(b"e", repr((type(value).__qualname__, str(value), repr(value))))
        elif isinstance(value, Mapping):
            self._part(b"m", str(len(value)))
            for name in sorted(value, key=repr):
                self.write(path, name)
                self.write(f"{path}[{name!r}]", value[name])
        elif isinstance(value, (list, tuple, AbstractSet)):
            self._part(b"l", str(len(value)))
            for each in sorted(value, key=repr) if isinstance(value, AbstractSet) else value:
                self.write(path, each)
        elif hasattr(value, "_declared") and any(map(_is_ours, type(value).__mro__)):
            self.write_fields(f"{path}.", value)
        else:
            self._part(b"f", self.stand_for(path, value))

    def write_fields(self, before: str, value: Any) -> None:
        """Write a dataclass: its class, and each field that is not at its default."""
        cls = type(value)
        self._part(b"d", cls.__qualname__ if _is_ours(cls) else self.stand_for(before + cls.__name__, cls))
        for name, default in _fields_of(cast("Hashable", cls)):
            field, path = getattr(value, name), before + name
            at_default = field is default or (type(field) is type(default) and field == default)
            if not at_default and path not in self._left_out:
                self._part(b"k", name)
                self.write_field(path, field)
        if more := getattr(value, "__dict__", None):  # of a user's subclass
            self.write(before, {name: each for name, each in more.items() if name not in self._left_out})

    def write_field(self, path: str, value: object) -> None:
        """Write a field; for a subclass that knows one which counts in another way."""
        self.write(path, value)

    def _part(self, kind: bytes, text: str) -> None:
        raw = text.encode("utf-8", "surrogatepass")
        self._parts.append(b"%b%d:%b" % (kind, len(raw), raw))


def _is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == _PACKAGE


@lru_cache(maxsize=256)
def _fields_of(cls: Any) -> tuple[tuple[str, object], ...]:
    # What stands for no default equals no value.
    return tuple((each.name, each.default) for each in sorted(fields_of(cls), key=lambda each: each.name))

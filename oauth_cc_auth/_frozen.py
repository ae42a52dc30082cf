"""An immutable mapping, because grants and tokens are values, and what they hold must be one too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Generic, TypeVar

V_co = TypeVar("V_co", covariant=True)


class FrozenMapping(Mapping[str, V_co], Generic[V_co]):
    """An immutable, hashable, picklable mapping; its repr shows the names only, since a value may be a secret."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, V_co] | Iterable[tuple[str, V_co]] = ()) -> None:
        """Copy the items."""
        self._items = dict(items)

    def __getitem__(self, name: str) -> V_co:
        """Return the value under this name."""
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names in the order given."""
        return iter(self._items)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenMapping):  # a grant's fields are compared for each source that is made
            return self._items == other._items
        return self._items == dict(other) if isinstance(other, Mapping) else NotImplemented

    def __hash__(self) -> int:
        """Hash the names, which are hashable whatever the values are."""
        return hash(frozenset(self._items))

    def __reduce__(self) -> tuple[type[FrozenMapping[V_co]], tuple[dict[str, V_co]]]:
        """Pickle by every protocol: the old ones do not know slots."""
        return type(self), (self._items,)

    def __repr__(self) -> str:
        """Show the names without their values."""
        return "{" + ", ".join(f"{name!r}: ..." for name in self._items) + "}"


def spoken_repr(value: Any) -> str:
    """Show of a dataclass what was said of it: the fields that are not as they are by default."""
    shown = [
        f"{each.name}={getattr(value, each.name)!r}"
        for each in fields(value)
        if each.repr and each.init and getattr(value, each.name) != each.default
    ]
    return f"{type(value).__name__}({', '.join(shown)})"


EMPTY: FrozenMapping[str] = FrozenMapping()

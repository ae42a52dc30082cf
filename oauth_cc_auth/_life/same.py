"""Identity as a part of a key."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from weakref import ref


class Same:
    """A thing that equals itself alone, whatever its class says about equality."""

    __slots__ = ("_hash", "_parts")

    def __init__(self, thing: object) -> None:
        # A bound method is made anew each time it is looked up; what it is bound to, and its function, are not.
        parts = (thing.__self__, thing.__func__) if isinstance(thing, MethodType) else (thing,)
        # Weakly: a session may hold the very source that it is lent to, and must not live for ever.
        self._parts, self._hash = tuple(map(_weakly, parts)), hash(tuple(map(id, parts)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Same) or len(self._parts) != len(other._parts):
            return False
        pairs = [(mine(), theirs()) for mine, theirs in zip(self._parts, other._parts, strict=True)]
        return all(mine is not None and mine is theirs for mine, theirs in pairs)

    def __hash__(self) -> int:
        return self._hash


def _weakly(thing: object) -> Callable[[], object]:
    try:
        return ref(thing)
    except TypeError:  # not everything can be referred to so
        return lambda: thing

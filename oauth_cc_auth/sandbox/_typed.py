"""Whether a value from JSON is what a setting or an argument takes, by the type that the code itself names."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


def check(name: str, value: object, kind: Any) -> None:
    """Raise TypeError, naming the value, unless it is of this kind."""
    if not _is(value, kind):
        message = f"{name} is {value!r}, not {_called(kind)}"
        raise TypeError(message)


def check_call(method: Callable[..., Any], given: Sequence[Any], words: Mapping[str, Any]) -> None:
    """Raise TypeError, naming the argument, unless these are arguments of the method."""
    kinds = get_type_hints(method)
    for name, value in inspect.signature(method).bind(*given, **words).arguments.items():
        check(name, value, kinds.get(name, object))


def _is(value: object, kind: Any) -> bool:
    origin, parts = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return any(_is(value, part) for part in parts)
    if origin is Literal:
        return value in parts
    if kind in {Any, object}:
        return True
    if kind in {int, float}:
        return isinstance(value, (int, kind)) and not isinstance(value, bool)
    if origin in {Sequence, Collection}:
        return isinstance(value, list) and all(_is(part, parts[0]) for part in value)
    return isinstance(value, origin or kind)


def _called(kind: Any) -> str:
    """Return how a kind is written."""
    if get_origin(kind) in {Union, types.UnionType}:
        return " or ".join(map(_called, get_args(kind)))
    if get_origin(kind) is Literal:
        return " or ".join(repr(getattr(word, "value", word)) for word in get_args(kind))
    if kind is types.NoneType:
        return "None"
    return getattr(get_origin(kind) or kind, "__name__", "")

"""Frozen values, and the immutable mapping that they hold, because grants and tokens are values.

`dataclass` makes of a class what the standard library's makes with ``frozen=True, slots=True``; type checkers see that
one. It compiles six methods for each class and imports `inspect`, which is half of what an auth object takes to import.
Here all classes share their methods, and what `dataclasses` and `inspect` look for is made when they look.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

__all__ = ["EMPTY", "KW_ONLY", "FrozenMapping", "dataclass", "field", "fields_of", "replace", "spoken_repr"]

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


EMPTY: FrozenMapping[str] = FrozenMapping()

_ABSENT = object()  # in the place of a default


class Field:
    """What a class says of a field, by the names of `dataclasses.field`."""

    __slots__ = ("compare", "default", "default_factory", "init", "kind", "kw_only", "name", "repr", "said")

    name: str
    kind: str  # its type, as it is written
    kw_only: bool

    def __init__(self, **said: Any) -> None:
        """Keep what is said."""
        self.said = said
        self.default, self.default_factory = said.get("default", _ABSENT), said.get("default_factory")
        self.init, self.repr, self.compare = (said.get(what, True) for what in ("init", "repr", "compare"))


def _dataclass(*, kw_only: bool = False, repr: bool = True, **_: bool) -> Callable[[Any], Any]:  # noqa: A002 - the standard library's name
    def made(cls: Any) -> Any:
        inherited: dict[str, Field] = getattr(cls, "_declared", {})
        own, named = dict[str, Field](), kw_only
        for name, kind in cls.__annotations__.items():
            if kind == "KW_ONLY":
                named = True
            elif not kind.startswith("ClassVar"):
                said = vars(cls).get(name, _ABSENT)
                field = said if isinstance(said, Field) else Field() if said is _ABSENT else Field(default=said)
                field.name, field.kind, field.kw_only = name, kind, named
                own[name] = field
        declared = {**inherited, **own}
        members = {
            **_METHODS,
            **({"__repr__": _repr} if repr else {}),
            **{name: member for name, member in vars(cls).items() if name not in {*own, "__dict__", "__weakref__"}},
            "__slots__": tuple(name for name in own if name not in inherited),
            "__match_args__": tuple(each.name for each in declared.values() if each.init and not each.kw_only),
            "_declared": declared,
        }
        return type(cls)(cls.__name__, cls.__bases__, members)

    return made


def _init(self: Any, /, *given: Any, **named: Any) -> None:
    cls = type(self)
    positional = cls.__match_args__
    twice = [repr(name) for name in positional[: len(given)] if name in named]
    if twice or len(given) > len(positional):
        what = f"{', '.join(twice)} twice" if twice else f"more than {len(positional)} arguments without their names"
        message = f"{cls.__name__}() got {what}"
        raise TypeError(message)
    named.update(zip(positional, given, strict=False))
    missing = []
    for each in cls._declared.values():
        if each.name in named and each.init:
            value = named.pop(each.name)
        elif each.default is not _ABSENT:
            value = each.default
        elif each.default_factory is not None:
            value = each.default_factory()
        else:
            missing += [repr(each.name)] if each.init else []
            continue
        object.__setattr__(self, each.name, value)
    if missing or named:
        what = f"misses {', '.join(missing)}" if missing else f"has no argument {', '.join(map(repr, named))}"
        message = f"{cls.__name__}() {what}"
        raise TypeError(message)
    if hasattr(cls, "__post_init__"):
        self.__post_init__()


def _eq(self: Any, other: object) -> Any:
    return _compared(self) == _compared(other) if type(self) is type(other) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _compared(value: Any) -> tuple[object, ...]:
    return tuple(getattr(value, each.name) for each in fields_of(type(value)) if each.compare)


def _setattr(self: Any, name: str, value: object) -> None:
    _check_free(self, name)
    object.__setattr__(self, name, value)


def _delattr(self: Any, name: str) -> None:
    _check_free(self, name)
    object.__delattr__(self, name)


def _check_free(self: Any, name: str) -> None:
    if name in self._declared:
        from dataclasses import FrozenInstanceError  # noqa: PLC0415 - see above

        message = f"{type(self).__name__} is frozen: make another by dataclasses.replace(..., {name}=...)"
        raise FrozenInstanceError(message)


def _getstate(self: Any) -> list[object]:
    return [getattr(self, each.name) for each in fields_of(type(self))]


def _setstate(self: Any, state: Collection[object]) -> None:
    for each, value in zip(fields_of(type(self)), state, strict=True):
        object.__setattr__(self, each.name, value)


def _repr(value: Any) -> str:
    return _shown(value, fields_of(type(value)))


def spoken_repr(value: Any) -> str:
    """Show what was said of a value: the fields that are not as they are by default."""
    return _shown(value, [each for each in fields_of(type(value)) if getattr(value, each.name) != each.default])


def _shown(value: Any, fields: Iterable[Any]) -> str:
    shown = [f"{each.name}={getattr(value, each.name)!r}" for each in fields if each.repr and each.init]
    return f"{type(value).__name__}({', '.join(shown)})"


def fields_of(cls: type) -> Collection[Any]:
    """Return the fields of such a class, also of a user's subclass that the standard library has made."""
    made = next(vars(base) for base in cls.__mro__ if "__dataclass_fields__" in vars(base))
    fields: Mapping[str, Any] = made.get("_declared") or made["__dataclass_fields__"]
    return fields.values()


def _replaced(self: Any, /, **changes: Any) -> Any:
    kept = {each.name: getattr(self, each.name) for each in fields_of(type(self)) if each.init}
    return type(self)(**{**kept, **changes})


@cache
def _twin_of(cls: Any) -> Any:
    """Return a class of the standard library with the same fields."""
    from dataclasses import field, make_dataclass  # noqa: PLC0415 - see above

    each_said = [(each, {**each.said, "kw_only": each.kw_only}) for each in fields_of(cls)]
    fields: Any = [(each.name, each.kind, field(**said)) for each, said in each_said]
    return make_dataclass(cls.__name__, fields, frozen=True)


class _OfTwin:
    def __init__(self, read: Callable[[Any], object]) -> None:
        self._read = read

    def __get__(self, _: object, cls: type) -> object:
        return self._read(_twin_of(cls))


class _Signature(_OfTwin):
    def __get__(self, instance: object, cls: Any) -> object:
        if instance is not None or cls.__init__ is not _init:
            raise AttributeError  # a value, or a subclass with an `__init__` of its own
        return super().__get__(instance, cls)


def _signature_of(twin: type) -> object:
    from inspect import signature  # noqa: PLC0415 - see above

    return signature(twin)


_METHODS = {
    "__init__": _init,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
    "__replace__": _replaced,
    "__dataclass_fields__": _OfTwin(lambda twin: twin.__dataclass_fields__),
    "__dataclass_params__": _OfTwin(lambda twin: twin.__dataclass_params__),
    "__signature__": _Signature(_signature_of),
}

if TYPE_CHECKING:
    from dataclasses import KW_ONLY, dataclass, field, replace
else:
    KW_ONLY, dataclass, field, replace = None, _dataclass, Field, _replaced

"""An error of this package that is an exception of an HTTP library at once: one class for each pair, and its copies."""

from __future__ import annotations

import types
from functools import cache
from typing import Any, TypeVar, cast

_E = TypeVar("_E", bound=Exception)

# What HTTP libraries hang on their exceptions. It leads to headers and bodies, so it is never kept, pickled or copied.
LIBRARY_ATTRIBUTES = frozenset({"request", "response", "_request", "pool", "conn"})


def restored(plain: type[_E], base: type[Exception] | None, args: tuple[Any, ...], fields: dict[str, Any]) -> _E:
    """Return an error of this class with these fields; with a `base`, as an exception of an HTTP library too."""
    cls: Any = plain if base is None else _joined(plain, base)  # type: ignore[arg-type]  # classes are hashable
    # The library's own __new__: requests' exceptions are OSErrors, which no other class can allocate.
    error: _E = cls.__new__(cls) if base is None else base.__new__(cls)
    error.args = args
    if base is not None:
        vars(error).update(request=None, response=None, _request=None)
    vars(error).update(fields)
    return error


@cache  # as many entries as there are error classes, times the HTTP libraries in use
def _joined(plain: type[_E], base: type[Exception]) -> type[_E]:
    members = {"__module__": plain.__module__, "__doc__": plain.__doc__, "_plain": plain, "_library_base": base}
    bases: tuple[type, ...] = (plain, base)
    return cast(
        "type[_E]", types.new_class(plain.__name__, bases, exec_body=lambda namespace: namespace.update(members))
    )

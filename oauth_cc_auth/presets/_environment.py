"""What a preset is not given, the environment has: any argument of its signature, as PAYPAL_ENVIRONMENT.

An argument wins over a variable, and the variable named after the preset over the vendor's own (`facts`). The grant
names its preset, and the variables that were read for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from oauth_cc_auth._grant.secret import Env
from oauth_cc_auth.errors import ConfigurationError
from oauth_cc_auth.presets._played import at_sandbox, placeholder, word_of

if TYPE_CHECKING:
    from inspect import Parameter

    from oauth_cc_auth.presets import Preset

P = TypeVar("P", bound="Callable[..., Any]")

_TRUTHS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}

# The flags of a function that takes any number of arguments (`inspect.CO_VARARGS`, `inspect.CO_VARKEYWORDS`).
_SEVERAL = 4 | 8

# A variable holds a text: what an argument of these kinds would be is not in it.
_NO_TEXT = re.compile(r"\b(Mapping|dict|Dict)\b")
_NUMBERS: dict[str, type[int | float]] = {"int": int, "float": float}


class Reading:
    """One call of a preset: which variables stand for each argument, and which of them had a value.

    `given_as` is the variable that an argument's value came from; `found` are all variables that were used, in order.
    """

    __slots__ = ("found", "given_as", "names")

    def __init__(self, names: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> None:
        """Begin with nothing read."""
        self.names, self.given_as, self.found = names, dict[str, str](), dict[str, None]()


class Argument:
    """An argument of a preset, with what an `inspect.Parameter` says of it: to import that takes 5 ms."""

    __slots__ = ("annotation", "default", "kind", "name")

    empty = object()

    def __init__(self, name: str, kind: int, default: object, annotation: object) -> None:
        """Describe it."""
        self.name, self.kind, self.default, self.annotation = name, kind, default, annotation


# Kinds of an `inspect.Parameter`, which are numbers.
_WITH_OR_WITHOUT_NAME, _BY_NAME = 1, 3


def _arguments_of(preset: Preset) -> Sequence[Argument | Parameter]:
    code = getattr(preset, "__code__", None)
    if code is None or hasattr(preset, "__wrapped__") or code.co_posonlyargcount or code.co_flags & _SEVERAL:
        from inspect import signature  # noqa: PLC0415 - for presets of other packages

        return list(signature(preset).parameters.values())
    defaults, placed = preset.__defaults__ or (), code.co_argcount
    names = code.co_varnames[: placed + code.co_kwonlyargcount]
    default_of = {
        **dict(zip(names[placed - len(defaults) : placed], defaults, strict=True)),
        **(preset.__kwdefaults__ or {}),
    }
    said = preset.__annotations__
    return [
        Argument(
            name,
            _WITH_OR_WITHOUT_NAME if place < placed else _BY_NAME,
            default_of.get(name, Argument.empty),
            said.get(name, Argument.empty),
        )
        for place, name in enumerate(names)
    ]


_ONE_AT_A_TIME: ContextVar[bool] = ContextVar("oauth_cc_auth.presets.one_at_a_time", default=False)
_BEING_READ: ContextVar[Reading | None] = ContextVar("oauth_cc_auth.presets", default=None)


def being_read() -> Reading:
    """Return the call that is going on; a preset that is called directly, without its package's help, has none."""
    return _BEING_READ.get() or Reading()


def facts(
    *, prefix: str | None = None, probe: str | None = None, **variables: str | tuple[str, ...]
) -> Callable[[P], P]:
    """Say of a preset what its signature does not.

    `variables` are, per argument, the environment variables that the vendor's own tools read: they count where the one
    of this package is not set. That one is named after the preset, or begins with `prefix`. `probe` is the path below
    the API's base of a GET that any valid token may make.
    """

    def said(preset: P) -> P:
        several = {name: (one,) if isinstance(one, str) else tuple(one) for name, one in variables.items()}
        vars(preset).update(_variables=several, _prefix=prefix, _probe=probe)
        return preset

    return said


def probe_of(preset: Preset) -> str | None:
    """Return the path of a GET by which a token can be tried, where the vendor documents one."""
    probe: str | None = getattr(preset, "_probe", None)
    return probe


def variables_of(name: str, preset: Preset) -> dict[str, tuple[str, ...]]:
    """Return the environment variables that stand for each argument of a preset, in the order in which they count."""
    also: Mapping[str, tuple[str, ...]] = getattr(preset, "_variables", {})
    own = getattr(preset, "_prefix", None) or name.upper()
    return {
        parameter.name: (f"{own}_{parameter.name.upper()}", *also.get(parameter.name, ()))
        for parameter in _arguments_of(preset)
        if parameter.kind in (_WITH_OR_WITHOUT_NAME, _BY_NAME) and not _takes_no_text(parameter)
    }


def from_environment(name: str, preset: Preset) -> Preset:
    """Return the preset so that it finds in the environment what it is not given, and its grant knows both."""
    parameters, variables = _arguments_of(preset), variables_of(name, preset)

    @wraps(preset)
    def reading(*given: Any, **words: Any) -> Any:
        call, positional = Reading(variables), list(given)
        for place, parameter in enumerate(parameters):
            argument = parameter.name
            at_its_place = place < len(positional) and parameter.kind != _BY_NAME
            if at_its_place:
                asked, value = True, positional[place]
            else:
                asked, value = argument in words, words.get(argument)
            # None where that is the default says nothing.
            if argument not in variables or (asked and not (value is None and parameter.default is None)):
                continue
            found = _looked_up(variables[argument], parameter, call)
            if found is None:
                continue
            if at_its_place:
                positional[place] = found
            else:
                words[argument] = found
        before = _BEING_READ.set(call)
        try:
            grant = preset(*positional, **words)
        except ConfigurationError as error:
            _name_others(error, preset, positional, words)
            raise
        finally:
            _BEING_READ.reset(before)
        secret = getattr(grant, "client_secret", None)
        read = (*call.found, secret.name) if isinstance(secret, Env) else tuple(call.found)
        # Another preset may keep its grant and return it to others; it was checked when it was made.
        named = copy(grant)
        object.__setattr__(named, "vendor", name)
        object.__setattr__(named, "variables", read)
        return named

    return at_sandbox(name, reading)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let presets name the first variable that is missing, and not look for others: a search asks them all."""
    before = _ONE_AT_A_TIME.set(True)
    try:
        yield
    finally:
        _ONE_AT_A_TIME.reset(before)


def _name_others(error: ConfigurationError, preset: Preset, given: list[Any], words: dict[str, Any]) -> None:
    """Add to an error about a missing variable the others that are missing too."""
    from inspect import signature  # noqa: PLC0415 - for a message only

    others: list[str] = []
    missing, bound = error, signature(preset).bind_partial(*given, **words)
    while not _ONE_AT_A_TIME.get() and missing.variable is not None:
        word = word_of(bound.signature.parameters, missing)
        if word is None or bound.arguments.get(word) is not None:
            break
        bound.arguments[word] = placeholder(word)
        try:
            preset(*bound.args, **bound.kwargs)
            break
        except ConfigurationError as next_one:
            missing = next_one
            others += [missing.variable] if missing.variable else []
    if others:
        error.args = (f"{error.args[0]}; not set either: {', '.join(others)}",)


def _looked_up(names: tuple[str, ...], parameter: Argument | Parameter, call: Reading) -> Any:
    """Return the value of the first of these variables that is set, as the argument's kind."""
    for variable in names:
        value = os.environ.get(variable, "").strip()
        if value:
            call.found[variable] = None
            call.given_as[parameter.name] = variable
            return converted(value, variable, parameter)
    return None


def converted(value: str, variable: str, parameter: Argument | Parameter) -> Any:
    """Return a text as the argument's kind. Raises ConfigurationError, naming where the text came from."""
    kind = _kind(parameter)
    if kind == "bool":
        if value.lower() not in _TRUTHS:
            message = f"{variable} is {value!r}; use 'true' or 'false'"
            raise ConfigurationError(message)
        return _TRUTHS[value.lower()]
    if kind in _NUMBERS:
        try:
            return _NUMBERS[kind](value)
        except ValueError:
            message = f"{variable} is {value!r}; use a number"
            raise ConfigurationError(message) from None
    return value.split() if isinstance(parameter.default, (tuple, list, set, frozenset)) else value


def _kind(parameter: Argument | Parameter) -> str:
    """Return the name of the type that an argument has, or "" for a text: by its default, else by its annotation."""
    default = type(parameter.default).__name__
    if default in {"bool", "int", "float"}:
        return default
    found = re.search(r"\b(bool|int|float)\b", _annotation(parameter))
    return found[1] if found and parameter.default in (None, parameter.empty) else ""


def _takes_no_text(parameter: Argument | Parameter) -> bool:
    return isinstance(parameter.default, Mapping) or bool(_NO_TEXT.search(_annotation(parameter)))


def _annotation(parameter: Argument | Parameter) -> str:
    return "" if parameter.annotation is parameter.empty else str(parameter.annotation)

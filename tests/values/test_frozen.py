"""Tests of the immutable mapping, and of frozen values, which are to be as the standard library makes them."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from loopback import SECRET, grant_for

from oauth_cc_auth import ClientCredentials
from oauth_cc_auth._frozen import EMPTY, FrozenMapping, dataclass, field, fields_of, replace

if TYPE_CHECKING:
    from dataclasses import KW_ONLY


def pickled(mapping: FrozenMapping[Any]) -> FrozenMapping[Any]:
    """Return what is left after a journey through pickle."""
    back: FrozenMapping[Any] = pickle.loads(pickle.dumps(mapping))
    return back


def test_is_a_mapping_in_the_order_given() -> None:
    """It reads like a dict and keeps the order of its items."""
    mapping = FrozenMapping([("b", 1), ("a", 2)])
    assert list(mapping) == ["b", "a"]
    assert mapping["a"] == 2
    assert len(mapping) == 2
    assert mapping == {"a": 2, "b": 1}
    assert mapping != {"a": 2}


def test_does_not_follow_what_it_was_made_from() -> None:
    """A dict that is changed afterwards does not change the mapping."""
    source = {"a": "1"}
    mapping = FrozenMapping(source)
    source["a"] = "2"
    assert mapping == {"a": "1"}


def test_cannot_be_changed() -> None:
    """It offers no way to set or delete an item, or to hang an attribute on it."""
    mapping: Any = FrozenMapping({"a": "1"})
    with pytest.raises(TypeError):
        mapping["a"] = "2"
    with pytest.raises(TypeError):
        del mapping["a"]
    with pytest.raises(AttributeError):
        mapping.other = "2"
    assert mapping == {"a": "1"}


def test_is_hashable_whatever_it_holds() -> None:
    """Equal mappings have equal hashes, also with values that have none and in another order."""
    one = FrozenMapping({"a": ["unhashable"], "b": {}})
    other = FrozenMapping({"b": {}, "a": ["unhashable"]})
    assert one == other
    assert hash(one) == hash(other)
    assert hash(one) != hash(FrozenMapping({"c": []}))


def test_every_protocol_of_pickle() -> None:
    """The oldest ones, which some task queues still speak, carry a mapping and a whole grant."""
    cases: list[int] = list(range(pickle.HIGHEST_PROTOCOL + 1))
    for protocol in cases:
        for value in (FrozenMapping({"a": "1"}), grant_for(headers={"X-A": "1"}, parameters={"a": "1"})):
            assert pickle.loads(pickle.dumps(value, protocol)) == value


def test_travels() -> None:
    """Pickles and copies are equal to the original."""
    cases: list[Callable[[FrozenMapping[Any]], FrozenMapping[Any]]] = [pickled, copy.copy, copy.deepcopy]
    for travel in cases:
        mapping = FrozenMapping({"a": [1], "b": "2"})
        back = travel(mapping)
        assert isinstance(back, FrozenMapping)
        assert back == mapping


def test_shows_names_and_no_values() -> None:
    """Case 37: a value may be a secret, so the repr has none."""
    assert repr(FrozenMapping({"name": SECRET, "other": 1})) == "{'name': ..., 'other': ...}"
    assert repr(EMPTY) == "{}"


@dataclass(frozen=True, slots=True)
class Value:
    """A value with a field of each kind."""

    first: str
    second: int = 2
    made: list[str] = field(default_factory=list, compare=False)
    _: KW_ONLY
    secret: str = field(default="", repr=False)
    told: str | None = field(default=None, compare=False)
    later: str = field(init=False, repr=False, compare=False)
    of_all: ClassVar[int] = 7

    def __post_init__(self) -> None:
        """Refuse what is empty, and make the rest."""
        if not self.first:
            raise ValueError(self.first)
        object.__setattr__(self, "later", self.first.upper())


@dataclass(frozen=True, slots=True, kw_only=True)
class More(Value):
    """One with a field more."""

    third: int


class Users(More):
    """A subclass that nobody has decorated."""


class Other(Value):
    """One with arguments of its own."""

    def __init__(self, word: str) -> None:
        """Take one word."""
        Value.__init__(self, word, told="other")


def test_a_value_is_the_standard_library_s() -> None:
    """What `dataclasses` and `inspect` say of a value, and what it does with arguments, is as they have it."""
    value = Value("a", 3, secret="s")
    assert (value.first, value.second, value.made, value.secret, value.later, value.of_all) == ("a", 3, [], "s", "A", 7)
    assert Value("a").made is not Value("a").made
    assert repr(value) == "Value(first='a', second=3, made=[], told=None)"
    assert Value.__match_args__ == ("first", "second", "made")
    assert dataclasses.is_dataclass(value)
    assert [each.name for each in dataclasses.fields(value)] == [*Value.__slots__] == [*vars(Value)["__slots__"]]
    assert [each.name for each in dataclasses.fields(More)] == [*Value.__slots__, "third"]
    assert dataclasses.asdict(More("a", third=1))["third"] == 1
    assert str(inspect.signature(More)).endswith(
        "*, secret: 'str' = '', told: 'str | None' = None, third: 'int') -> None"
    )
    assert list(inspect.signature(Other).parameters) == ["word"]
    assert Other("x").told == "other"
    assert not hasattr(value, "__dict__")


def test_a_value_can_be_changed_only_into_another() -> None:
    """Its fields can be neither set nor deleted; `replace` makes another, checked; a subclass may have more."""
    cases: list[Callable[..., Any]] = [replace, dataclasses.replace]
    for change in cases:
        assert change(Users("a", third=1), second=5) == Users("a", 5, third=1)
        with pytest.raises(ValueError, match=r"^$"):
            change(Value("a"), first="")
    users: Any = Users("a", third=1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="second"):
        users.second = 5
    with pytest.raises(dataclasses.FrozenInstanceError, match="second"):
        del users.second
    users.mine = 1
    del users.mine
    assert not hasattr(users, "mine")


def test_equal_values_have_equal_hashes() -> None:
    """Values of one class are equal if what counts in them is; a value of another class is not."""
    assert Value("a", told="x") == Value("a", told="y")
    assert hash(Value("a", told="x")) == hash(Value("a", told="y"))
    assert Value("a") != Value("a", secret="s")
    assert More("a", third=1) != Users("a", third=1)
    anything: object = "a"
    assert Value("a") != anything


def test_a_value_travels_whole() -> None:
    """Copies and pickles hold every field, those that were made and those that do not print as well."""
    value = Value("a", 3, secret="s", told="t")
    for back in (copy.copy(value), copy.deepcopy(value), *(pickle.loads(pickle.dumps(value, n)) for n in range(5))):
        assert [getattr(back, name) for name in Value.__slots__] == [getattr(value, name) for name in Value.__slots__]


def test_wrong_arguments() -> None:
    """What is missing, unknown, given twice or too many is a TypeError that names it."""
    cases: list[tuple[Callable[[], Any], str]] = [
        (lambda: More(second=3), "misses 'first', 'third'"),  # type: ignore[call-arg]  # the point, as below
        (lambda: Value("a", 1, [], "secret"), "more than 3 arguments"),  # type: ignore[call-arg]  # as above
        (lambda: Value("a", first="b"), "'first' twice"),  # type: ignore[misc]  # as above
        (lambda: Value("a", later="b", none=1), "no argument 'later', 'none'"),  # type: ignore[call-arg]  # as above
    ]
    for make, said in cases:
        with pytest.raises(TypeError, match=said):
            make()


def test_a_users_dataclass_of_a_grant() -> None:
    """A user's own dataclass may inherit from a grant and add a field: it counts wherever the grant's do."""

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Mine(ClientCredentials):
        added: str = ""

    mine = Mine(token_endpoint="https://as.example.com", client_id="c", client_secret=SECRET, added="x")
    assert replace(mine, scope="s") == dataclasses.replace(mine, scope="s") != mine
    assert [each.name for each in fields_of(Mine)][-1] == "added"
    assert "added='x'" in repr(mine)
    assert SECRET not in repr(mine)

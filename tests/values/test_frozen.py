"""Tests of the immutable mapping."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from loopback import SECRET, grant_for

from oauth_cc_auth._frozen import EMPTY, FrozenMapping


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

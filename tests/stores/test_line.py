"""`stores/_line.py`: how a renewal waits for the renewal of another process, by a clock of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from oauth_cc_auth import Token
from oauth_cc_auth.stores._line import Pauses, Release, token_or_lock

TOKEN = Token("a-token")


class World:
    """A store in which things happen at their time; time passes while somebody waits."""

    def __init__(self, *, saved_at: float = 1e9, free_at: float = 1e9, place: int = 1) -> None:
        """Save a token then, release the lock then; `place` is the one in the count of those that waited too long."""
        self.saved_at, self.free_at, self.place = saved_at, free_at, place
        self.now, self.looks, self.tries = 0.0, list[float](), list[float]()
        self.counted = self.rings = 0

    def look(self) -> Token | None:
        """Look."""
        self.looks.append(self.now)
        return TOKEN if self.now >= self.saved_at else None

    def take(self) -> Token | Release | None:
        """Try the lock."""
        self.tries.append(self.now)
        return self.release if self.now >= self.free_at else None

    def release(self) -> str:
        """Release the lock."""
        return "released"

    def wait(self, seconds: float) -> bool:
        """Let time pass."""
        self.now += seconds
        return False

    def woken(self, seconds: float) -> bool:
        """Let time pass until the token is saved, if it is so long."""
        until = self.now + seconds
        rings = self.now < self.saved_at <= until
        self.now = self.saved_at if rings else until
        self.rings += rings
        return rings

    def overdue(self) -> int:
        """Count one whose wait is over."""
        self.counted += 1
        return self.place

    def stand(self, wait: Callable[[float], bool] | None = None, patience: float = 21.0) -> Token | Release:
        """Stand in the line."""
        return token_or_lock(
            look=self.look,
            take=self.take,
            wait=wait or self.wait,
            overdue=self.overdue,
            patience=patience,
            pauses=Pauses(0.1, 1.0),
            now=lambda: self.now,
        )


def test_a_token_that_is_there_needs_no_lock() -> None:
    """The first look finds it: the lock is not tried, and no time passes."""
    world = World(saved_at=0.0)
    assert world.stand() is TOKEN
    assert (world.tries, world.now) == ([], 0.0)


def test_a_lock_that_is_free_is_taken() -> None:
    """Where nothing usable is there, the lock is tried at once, and what releases it is returned."""
    world = World(free_at=0.0)
    assert world.stand() == world.release
    assert (world.looks, world.tries) == ([0.0], [0.0])


def test_whoever_waits_leaves_as_soon_as_the_token_is_saved() -> None:
    """A wait that is woken looks, and tries no lock."""
    world = World(saved_at=0.5)
    assert world.stand(world.woken) is TOKEN
    assert world.now == 0.5
    assert world.rings == 1


def test_a_wake_up_without_a_token_changes_nothing() -> None:
    """Whoever is woken for nothing waits on, and tries the lock when it would have done so."""
    world = World(free_at=0.3)

    def woken_for_nothing(seconds: float) -> bool:
        world.now += seconds / 2 + 0.001
        return True

    assert world.stand(woken_for_nothing) == world.release
    assert len(world.looks) > len(world.tries)


def test_the_lock_is_tried_less_and_less_often() -> None:
    """Between two tries lie half to all of a pause that grows by half each time, up to its limit."""
    world = World(free_at=20.0)
    world.stand()
    gaps = [after - before for before, after in zip(world.tries, world.tries[1:], strict=False)]
    assert all(0.05 * 1.5**number <= gap <= 0.1 * 1.5**number for number, gap in enumerate(gaps[:5]))
    assert all(0.5 <= gap <= 1.0 for gap in gaps[7:])


def test_those_that_waited_too_long_go_on_one_after_the_other() -> None:
    """When the wait is over and the lock still held, one goes on at once, two after 1 s, four after 2 s."""
    cases: list[tuple[int, float]] = [(0, 0.0), (1, 0.0), (2, 1.0), (4, 2.0), (512, 9.0)]
    for place, after in cases:
        world = World(place=place)
        with pytest.raises(TimeoutError, match="for more than 3 s"):
            world.stand(patience=3.0)
        assert world.now == pytest.approx(3.0 + after)
        assert world.counted == 1


def test_a_token_ends_the_wait_of_those_that_are_overdue() -> None:
    """What the first of them obtains serves the others."""
    world = World(saved_at=4.0, place=512)
    assert world.stand(world.woken, patience=3.0) is TOKEN
    assert world.now == 4.0


def test_a_holder_that_releases_the_lock_late_is_followed() -> None:
    """Also after the wait is over the lock is tried."""
    world = World(free_at=4.0, place=512)
    assert world.stand(patience=3.0) == world.release
    assert 4.0 <= world.now <= 5.0

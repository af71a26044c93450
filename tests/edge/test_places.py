"""A place is its listener's while it listens, and for a while after."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hustings import limits
from hustings.edge.places import Places, Visitor
from hustings.edge.visitors import Who


@dataclass(eq=False)
class Connected:
    """A crowd as the places see it."""

    names: set[bytes | None] = field(default_factory=set)

    def holds(self, who: Who) -> bool:
        return who.key in self.names

    def seen(self, who: Who, *, now_s: float) -> None:
        """Nothing here."""

    def refused(self, who: Who) -> None:
        """Nothing here."""

    def asks(self, who: Who) -> None:
        """Nothing here."""


def visitor(crowd: Connected, who: int = 1, *, space: str = "abcdefghij") -> Visitor:
    return Visitor(space, Who(f"visitor {who}", b"%08d" % who), crowd)


def test_a_place_is_kept_for_a_while() -> None:
    crowd = Connected({b"00000001"})
    places, one = Places(), visitor(crowd)
    assert places.of(one) is None
    places.give(one, 960)
    places.second(now_s=10)
    assert (places.of(one), places.held) == (960, 0)
    crowd.names.clear()
    places.second(now_s=11)
    assert (places.of(one), places.held) == (960, 1)
    assert places.of(visitor(crowd, 2)) is None
    assert places.of(visitor(crowd, space="another")) is None
    places.second(now_s=11 + limits.HELD_S)
    assert (places.of(one), places.held) == (None, 0)


def test_coming_back_uses_the_kept_place() -> None:
    crowd = Connected()
    places, one = Places(), visitor(crowd)
    places.give(one, 320)
    places.second(now_s=1)
    assert places.held == 1
    crowd.names.add(one.who.key)
    places.give(one, 320)
    places.second(now_s=2)
    assert places.held == 0


def test_who_has_no_key_is_not_remembered() -> None:
    places, radio = Places(), Visitor("abcdefghij", Who("192.0.2.1 radio", None), Connected())
    places.give(radio, 320)
    places.second(now_s=1)
    assert (places.of(radio), places.held) == (None, 0)


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HELD_COUNT", 2)
    crowd, places = Connected(), Places()
    for who in range(5):
        places.give(visitor(crowd, who), 320)
    places.second(now_s=1)
    assert places.held == 2

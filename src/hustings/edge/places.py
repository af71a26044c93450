"""The places of listeners who have keys: who has one, and who had one a moment ago. Pure.

A listener on a new connection gets its old place, whatever the load: at once while the old
connection is open, and for `limits.HELD_S` after it was closed, because a change of network, an
edge's drop of a slow socket or a page loaded anew is not leaving. `now_s` is monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hustings import limits
from hustings.edge.visitors import Who


class Crowd(Protocol):
    """Who listens to one space here (`visitors.Visitors`)."""

    def holds(self, who: Who) -> bool:
        """Whether this listener is connected."""

    def seen(self, who: Who, *, now_s: float) -> None:
        """A listener through caches gives a sign of life."""

    def refused(self, who: Who) -> None:
        """A visitor asked for sound and was given none."""

    def asks(self, who: Who) -> None:
        """A visitor who waits at another edge has asked here."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, for which space, and that space's crowd. Nothing of a private one is in caches;
    `full` says that it has as many listeners, on all edges, as its host wants."""

    space: str
    who: Who
    crowd: Crowd
    private: bool = False
    full: bool = False

    @property
    def id(self) -> bytes:
        """What a number in the line is bound to."""
        return self.who.key or self.who.short


@dataclass(slots=True)
class _Place:
    """A listener's place: its cadence, and until when it is kept once the listener is gone."""

    visitor: Visitor
    cadence_ms: int
    until_s: float = 0.0

    @property
    def used(self) -> bool:
        return self.visitor.crowd.holds(self.visitor.who)


class Places:
    """The places of one edge."""

    def __init__(self) -> None:
        self._used: dict[bytes, _Place] = {}
        self._held: dict[bytes, _Place] = {}

    @property
    def held(self) -> int:
        """How many are kept for listeners who are gone."""
        return len(self._held)

    def of(self, visitor: Visitor) -> int | None:
        """The cadence of the place that this listener has or had a moment ago; None without one."""
        key = visitor.who.key
        if key is None:
            return None
        place = self._held.get(key) or self._used.get(key)
        if place is None or place.visitor.space != visitor.space:
            return None  # another space is another wish
        return place.cadence_ms

    def give(self, visitor: Visitor, cadence_ms: int) -> None:
        """It listens from now on: its socket is taken over before anything else happens."""
        key = visitor.who.key
        if key is not None:
            self._held.pop(key, None)
            self._used[key] = _Place(visitor, cadence_ms)

    def second(self, *, now_s: float) -> None:
        """Once a second: keep the places of those who have gone, give up those kept for long."""
        for key in [key for key, place in self._held.items() if place.until_s <= now_s]:
            del self._held[key]
        # A few ms for 50,000 listeners; in return no socket has to say that it is closed.
        for key in [key for key, place in self._used.items() if not place.used]:
            place = self._used.pop(key)
            if len(self._held) < limits.HELD_COUNT:
                place.until_s = now_s + limits.HELD_S
                self._held[key] = place

"""How many listen now: the edges' gauges added up, space by space.

Each edge tells its gauge once a second (`crowd.gauge`); an edge that fell silent counts no more
after a few seconds.
"""

from __future__ import annotations

from hustings import limits
from hustings.crowd import Gauge, Here, Sums
from hustings.crowd.gauge import decode
from hustings.errors import BadInput


class Audience:
    """The edges' newest gauges. `now` is monotonic seconds, passed in."""

    def __init__(self) -> None:
        self._sums = Sums(fresh_s=limits.CROWD_FRESH_S)

    def heard(self, edge: str, data: bytes, *, now: float) -> Gauge | None:
        """Take an edge's gauge. What is no gauge changes nothing."""
        try:
            gauge = decode(data)
        except BadInput:
            return None
        self._sums.take(edge, gauge, now=now)
        return gauge

    def here(self, space: str, *, now: float) -> Here:
        """A space's crowd now."""
        return self._sums.here(space, now=now)

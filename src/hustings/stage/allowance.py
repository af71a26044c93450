"""An allowance: how many of a speaker's packets of one kind are taken, or answered. Pure.

Refilled steadily up to a burst (a token bucket). It is counted once a packet is known to be the
speaker's own: nobody else can use it up.
"""

from __future__ import annotations


class Allowance:
    """So many a second, and a burst of so many at once."""

    __slots__ = ("_burst", "_left", "_per_s")

    def __init__(self, *, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._left = self._burst = burst

    def refill(self, elapsed_s: float) -> None:
        """Time has passed."""
        self._left = min(self._burst, max(0.0, self._left) + elapsed_s * self._per_s)

    def take(self) -> bool:
        """Use one up; whether there was one."""
        self._left -= 1
        return self._left >= 0

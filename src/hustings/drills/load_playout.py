"""A model of the page's player: when does the listener stand still? Pure.

Playing begins once the target is at hand: the step in which sound comes, and a cushion
(`player/latency.js`). What comes later than the end of what is at hand is a stall, and playing goes
on at once. The player's changes of speed are left out: they would hide stalls, never make them.
"""

from __future__ import annotations

from typing import Final

from hustings.drills.load_report import Tally

CUSHION_S: Final = 0.58
_NEVER: Final = float("inf")


class Playout:
    """One listener's. `dry_s` is when what is at hand has been played."""

    __slots__ = ("_held_s", "_stood", "_tally", "dry_s", "target_s")

    def __init__(self, tally: Tally, *, step_s: float) -> None:
        self.dry_s = _NEVER
        self.target_s = 0.0
        self._held_s = 0.0
        self._stood = False
        self._tally = tally
        self.step(step_s)

    def step(self, seconds: float) -> None:
        """Sound comes in steps of so many seconds."""
        self.target_s = seconds + CUSHION_S

    @property
    def playing(self) -> bool:
        """Whether it has begun."""
        return self.dry_s != _NEVER

    def heard(self, seconds: float, now: float) -> None:
        """So much sound came."""
        if self.dry_s == _NEVER:
            self._held_s += seconds
            if self._held_s >= self.target_s:
                # More than the target is skipped: that is how one joins near live.
                self.dry_s = now + self.target_s
            return
        if now > self.dry_s:
            self.stood(now)
        self.dry_s += seconds

    def stood(self, now: float) -> None:
        """It stood still from `dry_s` until now."""
        self._tally.stall_ms.add((now - self.dry_s) * 1000)
        if not self._stood:
            self._stood = True
            self._tally.stalled += 1
        self.dry_s = now

    def leave(self, now: float) -> None:
        """The measurement ends: what is lacking now counts."""
        if self.playing and now > self.dry_s:
            self.stood(now)

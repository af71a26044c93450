"""The speakers' clocks in equal-time mode: how much of their time each has used. Pure.

Nobody is muted by a clock. Each speaker has `speaker_s` seconds, or, when that is 0, an equal share
of all that has been spoken: then a clock at 100 % means as much as the others on average.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from hustings.space.floor import FloorTime

NEAR: Final = 0.8
# In the first minutes the shares of all talk time leap about, and say nothing.
SETTLED_MS: Final = 60_000  # of talk a seat

Level = Literal["", "near", "over"]


@dataclass(frozen=True, slots=True)
class Clock:
    """`allowance_ms` of talk time are a seat's; it has used the share `used` of it."""

    allowance_ms: int
    used: float
    level: Level


def clocks(floor: FloorTime, seats: Collection[str], *, speaker_s: int) -> Mapping[str, Clock]:
    """The clock of each of `seats`, those on stage now.

    Of an equal share everybody has one who is on stage or has spoken.
    """
    everybody = {*seats, *floor.seats}
    if not everybody:
        return {}
    allowance_ms = speaker_s * 1000 or floor.talk_ms // len(everybody)
    settled = speaker_s > 0 or allowance_ms >= SETTLED_MS
    found = {}
    for seat in seats:
        talk_ms = floor.seats[seat].talk_ms if seat in floor.seats else 0
        used = talk_ms / allowance_ms if allowance_ms else 0.0
        found[seat] = Clock(
            allowance_ms, used, _level(used, fixed=speaker_s > 0) if settled else ""
        )
    return found


def _level(used: float, *, fixed: bool) -> Level:
    """With an equal share, whoever has just that has not spoken too long."""
    if used > 1 or (fixed and used == 1):
        return "over"
    return "near" if used >= NEAR else ""

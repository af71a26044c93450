"""Where in the replay something belongs that has no place in the programme, only a time. Pure.

The log server stamps chunks and messages with one clock. While nothing jumps, a time is as far
behind a chunk's stamp as it is in the replay; where the clock has jumped, or the programme was off
air, it is counted anew from there.
"""

from __future__ import annotations

from hustings.archive.slots import Slot
from hustings.archive.spans import duration_ms
from hustings.clock import CHUNK_MS

_OFF_MS = 2_000  # appends are late by this at most while all is well


class Walls:
    """The fold from slots to places in time."""

    def __init__(self) -> None:
        self._marks: list[tuple[int, int]] = []  # Unix milliseconds, and those of the replay
        self._length_ms = 0

    def add(self, slot: Slot) -> None:
        """Take the next slot."""
        self._length_ms = duration_ms(slot.index + 1)
        if slot.chunk is None:
            return
        # A chunk is stamped when it is over.
        wall_ms, at_ms = slot.stamp_ns // 1_000_000 - CHUNK_MS, duration_ms(slot.index)
        if self._marks and not slot.opens:
            since_ms, from_ms = self._marks[-1]
            if abs(wall_ms - since_ms - (at_ms - from_ms)) < _OFF_MS:
                return
        self._marks.append((wall_ms, at_ms))

    def position_ms(self, wall_ms: int) -> int:
        """The replay's time at a Unix time, within the replay."""
        following_ms = self._length_ms
        for since_ms, at_ms in reversed(self._marks):
            if wall_ms >= since_ms:
                return min(at_ms + wall_ms - since_ms, following_ms)
            following_ms = at_ms
        return 0

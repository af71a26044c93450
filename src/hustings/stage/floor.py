"""Who has the floor: the moments at which a seat begins and stops speaking on air. Pure.

Real-time contract: called in every tick.
"""

from __future__ import annotations

from collections.abc import Iterable

from hustings.stage.seat import Seat


class Floor:
    """Remembers who speaks and reports changes. Off air nobody does: that is nobody's business."""

    def __init__(self) -> None:
        self._speaking: set[str] = set()

    def update(self, seats: Iterable[Seat], *, live: bool) -> list[tuple[str, bool]]:
        """Seats that began (True) or stopped (False) speaking with this tick."""
        now = {seat.id for seat in seats if seat.speaking and seat.open} if live else set()
        if now == self._speaking:
            return []
        changes = [(seat, True) for seat in sorted(now - self._speaking)]
        changes += [(seat, False) for seat in sorted(self._speaking - now)]
        self._speaking = now
        return changes

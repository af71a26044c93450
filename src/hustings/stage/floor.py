"""Who has the floor: the moments at which a seat begins and stops speaking on air. Pure.

Real-time contract: called in every tick.

The voice activity is sure of speech 40 ms after it began, and of its end 400 ms after. What is told
here is when it began and ended. A seat that is muted, leaves or goes off air in mid-word stops at
that moment; one that comes on air in mid-word begins there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hustings.audio.level import START_FRAMES
from hustings.stage.seat import Seat


class Change(NamedTuple):
    """A seat began to speak with `slot` of the programme, or was silent from it on."""

    seat: str
    speaking: bool
    slot: int


class Floor:
    """Remembers who speaks and reports changes. Off air nobody does: that is nobody's business."""

    def __init__(self) -> None:
        self._heard: dict[str, int] = {}  # seats on air, and since which slot
        self._pauses: dict[str, int] = {}  # of those that speak: ticks since their last word
        self._began: dict[str, int] = {}  # those that speak, and since which slot

    def update(self, seats: Iterable[Seat], *, slot: int, live: bool) -> list[Change]:
        """Who began or stopped with this tick, whose sound reaches the programme in `slot`."""
        heard, pauses = {}, {}
        for seat in seats if live else ():
            if not seat.muted:
                heard[seat.id] = self._heard.get(seat.id, slot)
                if seat.speaking:
                    pauses[seat.id] = seat.pause_ticks
                elif seat.id in self._began:
                    self._pauses[seat.id] = seat.pause_ticks - 1  # the last ticks were counted
        changes = []
        if pauses.keys() != self._began.keys():
            changes = [
                self._begin(one, heard[one], slot) for one in pauses if one not in self._began
            ]
            changes += [self._end(one, slot) for one in sorted(self._began) if one not in pauses]
        self._heard, self._pauses = heard, pauses
        return changes

    def _begin(self, seat: str, heard: int, slot: int) -> Change:
        self._began[seat] = began = max(heard, slot - START_FRAMES + 1)
        return Change(seat, True, began)

    def _end(self, seat: str, slot: int) -> Change:
        return Change(seat, False, max(self._began.pop(seat) + 1, slot - self._pauses[seat]))

"""How one feed of the programme gives way to the next, slot by slot, without a click.

A chunk's flag is that of its first slot. What is due under another flag, because the programme was
cut off within the chunk, is silence until the next boundary. Real-time contract: called in every
tick; pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from hustings.clock import TICKS_PER_CHUNK
from hustings.stage.air import Due, Feed


@dataclass(frozen=True, slots=True)
class Turn:
    """One slot of the programme: `fades_out` and `fades_in` within it, or `stays` unchanged.

    `live` is the flag of the chunk that the slot belongs to.
    """

    live: bool
    stays: Feed = Feed.NOTHING
    fades_out: Feed = Feed.NOTHING
    fades_in: Feed = Feed.NOTHING


class Fader:
    """The turns of one programme. `live` is the flag of the present chunk."""

    def __init__(self) -> None:
        self.live = False
        self._now = Feed.NOTHING

    def turn(self, slot: int, due: Due) -> Turn:
        """What to do in `slot`. Slots come in rising order; of a chunk, none or all."""
        boundary = slot % TICKS_PER_CHUNK == 0
        if boundary:
            self.live = due.live
        feed = due.feed if due.live is self.live else Feed.NOTHING
        before, self._now = self._now, feed
        if before is feed:
            return Turn(self.live, stays=feed)
        if before is Feed.NOTHING or boundary:
            return Turn(self.live, fades_out=before, fades_in=feed)
        # Within a chunk the old feed ends first; the new one begins a slot later.
        self._now = Feed.NOTHING
        return Turn(self.live, fades_out=before)

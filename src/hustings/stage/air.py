"""What the audience hears in each 20 ms slot: the mix, the hold sound, or the silence in between.

The feed changes at chunk boundaries only, so that a chunk is wholly on air or wholly off air. A
change that is known early enough is prepared: the old feed fades out in slot 12 of the chunk and
the rest of the chunk is silent, because the AAC encoder carries 43 ms across the boundary. What is
known later crossfades in the first slot after the boundary.

Going on air, the mix is let in only after what lay in the jitter buffers when the decision came:
that was said off air. Real-time contract: called in every tick; pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from hustings.clock import TICKS_PER_CHUNK

# Three silent slots are 2,880 samples: more than the 2,048 that AAC carries over.
PREPARE_SLOT: Final = 12
_NEVER: Final = 1 << 62


class Feed(Enum):
    """What is sent to the audience."""

    NOTHING = 0
    HOLD = 1
    MIX = 2


@dataclass(frozen=True, slots=True)
class Cut:
    """One slot of the feed: `fades_out` and `fades_in` within it, or `stays` unchanged.

    `live` is the flag of the chunk that the slot belongs to.
    """

    live: bool
    stays: Feed = Feed.NOTHING
    fades_out: Feed = Feed.NOTHING
    fades_in: Feed = Feed.NOTHING


class Air:
    """The feed of one space, slot by slot."""

    def __init__(self) -> None:
        self.live = False
        self.wanted = False
        self._opens = 0  # the mix is let in from this slot on
        self._closes = _NEVER  # and until before this one
        self._now = Feed.NOTHING

    def want(self, live: bool, *, slot: int, settle: int) -> None:
        """Decide that the programme is to be live, or not, from the next boundary on.

        `slot` is the next one to be cut, `settle` how many slots of sound wait in jitter buffers.
        """
        if live == self.wanted:
            return
        self.wanted = live
        chunk = slot - slot % TICKS_PER_CHUNK
        if live:
            boundary = slot if self.live or slot == chunk else chunk + TICKS_PER_CHUNK
            self._opens, self._closes = max(slot + settle, boundary), _NEVER
        elif self.live:
            self._closes = max(slot, chunk + PREPARE_SLOT) if slot > chunk else slot
        else:
            self._closes = self._opens

    def cut(self, slot: int) -> Cut:
        """The feed in `slot`. Slots come in rising order; of a chunk, none or all are asked for."""
        boundary = slot % TICKS_PER_CHUNK == 0
        if boundary:
            self.live = self.wanted
        due = self._due(slot)
        before, self._now = self._now, due
        if before is due:
            return Cut(self.live, stays=due)
        if before is Feed.NOTHING or boundary:
            return Cut(self.live, fades_out=before, fades_in=due)
        # Within a chunk the old feed ends first; the new one begins a slot later.
        self._now = Feed.NOTHING
        return Cut(self.live, fades_out=before)

    def on_air(self, slot: int) -> bool:
        """Whether a sound that enters the mix in `slot`, now or soon, is sent to the audience."""
        return self._opens <= slot < self._closes and (self.live or self.wanted)

    def _due(self, slot: int) -> Feed:
        if self.live:
            return Feed.MIX if self.on_air(slot) else Feed.NOTHING
        if self.wanted and slot % TICKS_PER_CHUNK >= PREPARE_SLOT:
            return Feed.NOTHING
        return Feed.HOLD

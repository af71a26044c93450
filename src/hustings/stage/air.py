"""What is on air in each 20 ms slot of the stage: the mix, the hold sound, or the silence between.

The feed changes at chunk boundaries only, so that a chunk is wholly on air or wholly off air. A
change that is known early enough is prepared: the old feed ends with slot 12 of the chunk and the
rest of the chunk is silent, because the AAC encoder carries 43 ms across the boundary. How one feed
gives way to the other is `fader`'s; how much later it happens for the audience, `delay`'s. Only a
cut does not wait for a boundary.

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
class Due:
    """What is to be heard of one slot; `live` is the flag of the chunk that it belongs to."""

    live: bool
    feed: Feed


OFF_AIR: Final = Due(live=False, feed=Feed.HOLD)


class Air:
    """The feed of one space, slot by slot."""

    def __init__(self) -> None:
        self.live = False
        self.wanted = False
        self._opens = 0  # the mix is let in from this slot on
        self.closes = _NEVER  # and until before this one

    def want(self, live: bool, *, slot: int, settle: int) -> None:
        """Decide that the programme is to be live, or not, from the next boundary on.

        `slot` is the next one that comes, `settle` how many slots of sound wait in jitter buffers.
        """
        if live == self.wanted:
            return
        self.wanted = live
        chunk = slot - slot % TICKS_PER_CHUNK
        if live:
            boundary = slot if self.live or slot == chunk else chunk + TICKS_PER_CHUNK
            self._opens, self.closes = max(slot + settle, boundary), _NEVER
        elif self.live:
            self.closes = max(slot, chunk + PREPARE_SLOT) if slot > chunk else slot
        else:
            self.closes = self._opens

    def cut(self, slot: int) -> None:
        """From `slot` on, the next one that comes, nothing is on air."""
        self.live = self.wanted = False
        self._opens = self.closes = slot

    def due(self, slot: int) -> Due:
        """The feed in `slot`. Slots come in rising order; of a chunk, none or all are asked for."""
        if slot % TICKS_PER_CHUNK == 0:
            self.live = self.wanted
        return Due(self.live, self._feed(slot))

    def on_air(self, slot: int) -> bool:
        """Whether a sound that enters the mix in `slot`, now or soon, is sent to the audience."""
        return self._opens <= slot < self.closes and (self.live or self.wanted)

    def _feed(self, slot: int) -> Feed:
        if self.live:
            return Feed.MIX if self.on_air(slot) else Feed.NOTHING
        if self.wanted and slot % TICKS_PER_CHUNK >= PREPARE_SLOT:
            return Feed.NOTHING
        return Feed.HOLD

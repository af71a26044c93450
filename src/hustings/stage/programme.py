"""The programme: what the audience is sent, slot by slot, from the feed to finished chunks.

Real-time contract: runs in the 20 ms tick; it does not block, log or allocate without bound.

Ordering: chunks come out in rising order of their numbers, each once. A chunk's flag is that of its
first slot, so it is wholly on air or wholly off air (see `air`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.audio.hold import HoldSound
from hustings.chunk import Chunk, Programme
from hustings.clock import TICK_SAMPLES, TICKS_PER_CHUNK
from hustings.stage.air import Air, Cut, Feed
from hustings.stage.encoder import Encoded, ProgrammeEncoder
from hustings.stage.seat import FADE_IN, FADE_OUT

Frame = NDArray[np.float32]

_SILENCE: Final[Frame] = np.zeros(TICK_SAMPLES, np.float32)


@dataclass(frozen=True, slots=True)
class _Begun:
    """From chunk `n` on the programme is live or not."""

    n: int
    live: bool


@dataclass(frozen=True, slots=True)
class _Made:
    """A chunk whose slots are all fed; `boottime_ns` is the end of its span."""

    n: int
    live: bool
    boottime_ns: int


class ProgrammeFeed:
    """The programme of one space in one epoch.

    `stamp` gives the boot clock's reading at the end of a chunk's span; `emit` gets each chunk as
    soon as it is encoded; `on_air` is told the first chunk of each span on air or off air, after
    the chunk before it is out. `told` is what was told last, by an earlier stage.
    """

    def __init__(
        self,
        *,
        air: Air,
        encoder: ProgrammeEncoder,
        epoch: int,
        boot_id: bytes,
        told: bool,
        stamp: Callable[[int], int],
        emit: Callable[[Chunk], None],
        on_air: Callable[[int, bool], None],
    ) -> None:
        self.air = air
        self.n_last: int | None = None  # newest chunk whose slots are all fed
        self._encoder = encoder
        self._hold = HoldSound()
        self._epoch = epoch
        self._boot_id = boot_id
        self._stamp = stamp
        self._emit = emit
        self._on_air = on_air
        self._told = told
        self._encoding: deque[_Begun | _Made] = deque()

    @property
    def complete(self) -> bool:
        """Whether all chunks whose slots are fed have come out."""
        return not self._encoding

    def tick(self, slot: int, mix: Frame) -> None:
        """Feed one slot; `mix` is the limited sum of all open seats."""
        cut = self._enter(slot)
        self._encoder.feed(self._frame(cut, mix))
        self._leave(slot, cut)
        self.poll()

    def skip(self, slot: int) -> None:
        """Fill a slot whose tick did not happen with silence."""
        cut = self._enter(slot)
        self._encoder.skip_tick()
        self._leave(slot, cut)

    def poll(self) -> None:
        """Hand out the chunks that the encoder has finished."""
        while self._encoding:
            match self._encoding[0]:
                case _Begun(n, live):
                    self._on_air(n, live)
                case _Made() as made:
                    if (encoded := self._encoder.take()) is None:
                        return
                    self._emit(self._chunk(made, encoded))
            self._encoding.popleft()

    def close(self) -> None:
        """End the encoder's thread."""
        self._encoder.close()

    def _enter(self, slot: int) -> Cut:
        cut = self.air.cut(slot)
        if cut.live is not self._told:
            self._told = cut.live
            self._encoding.append(_Begun(slot // TICKS_PER_CHUNK, cut.live))
        return cut

    def _leave(self, slot: int, cut: Cut) -> None:
        if slot % TICKS_PER_CHUNK == TICKS_PER_CHUNK - 1:
            self.n_last = n = slot // TICKS_PER_CHUNK
            self._encoding.append(_Made(n, cut.live, self._stamp(n)))

    def _chunk(self, made: _Made, encoded: Encoded) -> Chunk:
        return Chunk(
            epoch=self._epoch,
            n=made.n,
            boot_id=self._boot_id,
            boottime_ns=made.boottime_ns,
            programme=Programme.LIVE if made.live else Programme.HOLD,
            opus=encoded.opus,
            aac=encoded.aac,
        )

    def _frame(self, cut: Cut, mix: Frame) -> Frame:
        if cut.stays is not Feed.NOTHING:
            return self._source(cut.stays, mix)
        frame = _SILENCE
        if cut.fades_out is not Feed.NOTHING:
            frame = self._source(cut.fades_out, mix) * FADE_OUT
        if cut.fades_in is not Feed.NOTHING:
            frame = frame + self._source(cut.fades_in, mix) * FADE_IN
        return frame

    def _source(self, feed: Feed, mix: Frame) -> Frame:
        return mix if feed is Feed.MIX else self._hold.frame()

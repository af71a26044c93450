"""The programme: what the audience is sent, slot by slot, from the feed to finished chunks.

Real-time contract: runs in the 20 ms tick; it does not block, log or allocate without bound.

    air: what is due on stage ─▶ delay ─▶ fader: how feeds change ─▶ encoder ─▶ chunks

Ordering: chunks come out in rising order of their numbers, each once. A chunk's flag is that of its
first slot, so it is wholly on air or wholly off air (see `air`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.audio.hold import HoldSound
from hustings.chunk import Chunk, Programme
from hustings.clock import TICK_SAMPLES, TICKS_PER_CHUNK
from hustings.stage.air import Air, Feed
from hustings.stage.delay import DelayLine
from hustings.stage.encoder import Encoded, ProgrammeEncoder
from hustings.stage.fader import Fader, Turn
from hustings.stage.seat import FADE_IN, FADE_OUT

Frame = NDArray[np.float32]

_POLL_S: Final = 0.005  # how often the encoder's last chunk is asked for
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
        delay: DelayLine,
        encoder: ProgrammeEncoder,
        epoch: int,
        boot_id: bytes,
        told: bool,
        stamp: Callable[[int], int],
        emit: Callable[[Chunk], None],
        on_air: Callable[[int, bool], None],
    ) -> None:
        self.air = air
        self.delay = delay
        self.n_last: int | None = None  # newest chunk whose slots are all fed
        self._fader = Fader()
        self._encoder = encoder
        self._hold = HoldSound()
        self._next_hold: HoldSound | None = None
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

    @property
    def off_air(self) -> bool:
        """Whether the audience hears nothing of the stage, and will not."""
        return not (self.air.live or self.air.wanted or self._fader.live)

    def tick(self, slot: int, mix: Frame) -> None:
        """Feed one slot; `mix` is the limited sum of all open seats."""
        due, sound = self.delay.shift(slot, self.air.due(slot), mix)
        turn = self._enter(slot, self._fader.turn(slot, due))
        self._encoder.feed(self._frame(turn, _SILENCE if sound is None else sound, slot))
        self._leave(slot, turn)
        self.poll()

    def skip(self, slot: int) -> None:
        """Fill a slot whose tick did not happen: with what the delay holds, else with silence."""
        due, sound = self.delay.shift(slot, self.air.due(slot), None)
        turn = self._enter(slot, self._fader.turn(slot, due))
        if sound is None:
            self._encoder.skip_tick()
        else:
            self._encoder.feed(self._frame(turn, sound, slot))
        self._leave(slot, turn)

    def hold_with(self, sound: HoldSound) -> None:
        """Play another hold sound, from the next boundary on."""
        self._next_hold = sound

    def cut(self, slot: int) -> None:
        """From `slot` on, the next one, nothing goes out of what was said before or is said now.

        What is heard fades out within that slot; the hold sound begins with the next chunk.
        """
        self.air.cut(slot)
        self.delay.clear(slot)

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

    async def finish(self) -> None:
        """Hand out what is being encoded, until all is out."""
        while not self.complete:
            self.poll()
            await asyncio.sleep(_POLL_S)

    def close(self) -> None:
        """End the encoder's thread."""
        self._encoder.close()

    def _enter(self, slot: int, turn: Turn) -> Turn:
        if turn.live is not self._told:
            self._told = turn.live
            self._encoding.append(_Begun(slot // TICKS_PER_CHUNK, turn.live))
        return turn

    def _leave(self, slot: int, turn: Turn) -> None:
        if slot % TICKS_PER_CHUNK == TICKS_PER_CHUNK - 1:
            self.n_last = n = slot // TICKS_PER_CHUNK
            self._encoding.append(_Made(n, turn.live, self._stamp(n)))

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

    def _frame(self, turn: Turn, mix: Frame, slot: int) -> Frame:
        if slot % TICKS_PER_CHUNK == 0 and (sound := self._next_hold) is not None:
            before, self._hold, self._next_hold = self._hold, sound, None
            if turn.stays is Feed.HOLD:
                return before.frame() * FADE_OUT + sound.frame() * FADE_IN
        if turn.stays is not Feed.NOTHING:
            return self._source(turn.stays, mix)
        frame = _SILENCE
        if turn.fades_out is not Feed.NOTHING:
            frame = self._source(turn.fades_out, mix) * FADE_OUT
        if turn.fades_in is not Feed.NOTHING:
            frame = frame + self._source(turn.fades_in, mix) * FADE_IN
        return frame

    def _source(self, feed: Feed, mix: Frame) -> Frame:
        return mix if feed is Feed.MIX else self._hold.frame()

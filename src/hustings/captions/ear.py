"""The ear of one seat: its packets in the log in, sound of 16 kHz out, with its place on the clock.

Places are samples (16 kHz) of the mixer's input since the doors opened, which is what the replay's
clock counts: 2,048 samples of 48 kHz before programme time, as in the stems (`archive/stems.py`).
Lost packets are rebuilt from the copy in the next one or concealed, where it is one or two; a pause
in what was sent is silence; a longer one is a hole, behind which the place is found anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from hustings import limits
from hustings.audio.opus import OpusDecoder, samples_of
from hustings.captions.engine import RATE, Sound
from hustings.chunk import PROGRAMME_DELAY_SAMPLES
from hustings.clock import SAMPLE_RATE
from hustings.errors import BadInput
from hustings.stem import StemPacket

_PER: Final = SAMPLE_RATE // RATE
_CONCEALED: Final = 40 * SAMPLE_RATE // 1000  # two packets: more is heard as a stammer
_SILENT: Final = 1_000 * SAMPLE_RATE // 1000  # who sends nothing for longer has stopped sending
_DRIFT: Final = limits.STEM_DRIFT_MS * RATE // 1000
_JUMP: Final = limits.STEM_JUMP_MS * RATE // 1000


class Ear:
    """Packets are given in the order of the log; `late` counts those that came too late for it."""

    def __init__(self) -> None:
        self.late = 0
        self.broken = 0
        self._decoder = OpusDecoder(rate=RATE)
        self._join = -1
        self._timestamp = 0  # of the packet that is due
        self._at = 0  # the sample with which it begins
        self._off = 0  # packets in a row that were off by more than drift

    def hear(self, packets: Iterable[StemPacket]) -> Iterator[tuple[int, Sound]]:
        """Places and sound, in order; a piece follows the one before it, or a hole."""
        for packet in packets:
            try:
                length = samples_of(packet.payload)
                yield from self._hear(packet, length)
            except BadInput:
                self.broken += 1

    def _hear(self, packet: StemPacket, length: int) -> Iterator[tuple[int, Sound]]:
        noted = max(0, packet.sample - PROGRAMME_DELAY_SAMPLES) // _PER
        # Signed difference of 32-bit timestamps, RFC 3550 section 5.1.
        gap = ((packet.timestamp - self._timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        off = abs(self._at + gap // _PER - noted)
        self._off = self._off + 1 if off > _DRIFT else 0
        if packet.join != self._join or off > _JUMP or gap > _SILENT:
            self._begin(packet, noted)
            gap = 0
        elif self._off >= limits.STEM_DRIFT_PACKETS:
            # The speaker's clock has run away from the mixer's, as it does every ten minutes or so.
            self._at, self._off, gap = noted, 0, 0
        if gap < 0:
            self.late += 1
            return
        yield from self._fill(packet.payload, gap, length)
        yield self._placed(self._decoder.decode(packet.payload))
        self._timestamp = (packet.timestamp + length) & 0xFFFFFFFF

    def _begin(self, packet: StemPacket, noted: int) -> None:
        self._decoder.reset()
        self._join, self._off = packet.join, 0
        self._at = noted

    def _fill(self, payload: bytes, gap: int, length: int) -> Iterator[tuple[int, Sound]]:
        """What was not sent or lost before a packet."""
        gap -= gap % (SAMPLE_RATE // 400)  # steps of 2.5 ms, which is what Opus counts in
        if not gap:
            return
        if gap > _CONCEALED:
            yield self._placed(np.zeros(gap // _PER, np.float32))
            return
        copied = min(gap, length)
        if gap > copied:
            yield self._placed(self._decoder.conceal((gap - copied) // _PER))
        yield self._placed(self._decoder.decode_fec(payload, copied // _PER))

    def _placed(self, sound: Sound) -> tuple[int, Sound]:
        at, self._at = self._at, self._at + len(sound)
        return at, sound

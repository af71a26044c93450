"""The waveform: how loud the replay is, slot by slot, and as a whole.

It is taken from the very packets that the replay's Opus file holds, each decoded once while the
recording is made. So what is measured is what is heard, gaps and all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hustings import limits
from hustings.audio.loudness import Loudness, LoudnessMeter
from hustings.audio.opus import OpusDecoder
from hustings.chunk import OPUS_FRAME_SAMPLES, SILENT_OPUS_FRAME
from hustings.clock import CHUNK_MS, CHUNK_SAMPLES
from hustings.errors import BadInput
from hustings.formats import ogg

VERSION: Final = 1
FULL: Final = 255  # a peak of full scale, and whatever is above it

Frame = NDArray[np.float32]


class Waveform:
    """The fold from the replay's packets to peaks and loudness. Ends with `finish()`."""

    def __init__(self) -> None:
        self._decoder = OpusDecoder()
        self._meter = LoudnessMeter()
        self._peaks = bytearray()
        self.powers: list[float] = []  # mean squares of the newest slots
        self._sound = np.zeros(CHUNK_SAMPLES + OPUS_FRAME_SAMPLES, np.float32)
        self._filled = -ogg.PRE_SKIP  # samples of the next slot that are there

    def add(self, packets: Iterable[bytes]) -> None:
        """The packets of the next slot, 20 ms each."""
        for packet in packets:
            self._take(self._decoded(packet))

    def finish(self) -> Loudness:
        """Nothing follows; the peaks are whole then."""
        self._take(self._decoded(SILENT_OPUS_FRAME))
        return self._meter.finish()

    @property
    def peaks(self) -> bytes:
        """The greatest sample of each slot, 0 for silence to 255 for full scale."""
        return bytes(self._peaks)

    def _decoded(self, packet: bytes) -> Frame:
        try:
            sound = self._decoder.decode(packet)
        except BadInput:
            sound = np.zeros(0, np.float32)
        if len(sound) == OPUS_FRAME_SAMPLES:
            return sound
        # Whatever is no packet of 20 ms: players would stumble, the clock does not.
        return np.resize(sound, OPUS_FRAME_SAMPLES) if len(sound) else _SILENCE

    def _take(self, sound: Frame) -> None:
        if self._filled < 0:
            skipped = min(-self._filled, len(sound))
            sound = sound[skipped:]
            self._filled += skipped
        end = self._filled + len(sound)
        self._sound[self._filled : end] = sound
        self._filled = end
        if end >= CHUNK_SAMPLES:
            slot = self._sound[:CHUNK_SAMPLES]
            self._peaks.append(peak(slot))
            self.powers = [*self.powers[-limits.REMIX_HISTORY_SLOTS :], _power(slot)]
            self._meter.add(slot)
            self._filled = end - CHUNK_SAMPLES
            self._sound[: self._filled] = self._sound[CHUNK_SAMPLES:end]


def peak(sound: Frame) -> int:
    """The greatest sample as one of 256 steps; what is not silence is at least 1."""
    most = max(float(np.maximum.reduce(sound)), -float(np.minimum.reduce(sound)))
    return min(FULL, -int(-most * FULL // 1)) if most > _INAUDIBLE else 0


def _power(sound: Frame) -> float:
    return float(np.dot(sound, sound)) / len(sound)


def document(peaks: bytes, loudness: Loudness) -> bytes:
    """The file."""
    whole: dict[str, Any] = {
        "version": VERSION,
        "step_ms": CHUNK_MS,
        "peaks": list(peaks),
        "loudness": {
            "integrated_lufs": loudness.integrated_lufs,
            "range_lu": loudness.range_lu,
            "true_peak_dbtp": loudness.true_peak_dbtp,
        },
    }
    return json.dumps(whole, separators=(",", ":")).encode()


_SILENCE: Final[Frame] = np.zeros(OPUS_FRAME_SAMPLES, np.float32)
_INAUDIBLE: Final = 1e-5  # -100 dBFS

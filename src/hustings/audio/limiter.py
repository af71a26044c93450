"""The limiter: keeps peaks at or below a ceiling without delay.

Runs in the 20 ms tick. Below the ceiling with nothing to recover from, a frame passes through as
the same object, for the price of finding its peak.

Look-ahead without delay: the whole frame is there before its first sample is played, so the gain
is already down when a peak inside the frame comes. It moves in straight lines between knots 1 ms
apart, never jumps, and needs no clipping, except in one case: a peak in the first millisecond of a
frame finds the gain still on its way down. What sticks out there is bounded at the ceiling for at
most that millisecond. Adding nothing to the programme's delay is worth that.

A limiter remembers its gain, so each signal (the programme, each mix-minus) needs its own.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.clock import TICK_SAMPLES

Frame = NDArray[np.float32]

CEILING_DBFS: Final = -1.0
CEILING: Final = 10 ** (CEILING_DBFS / 20)
VOICE_CEILING_DBFS: Final = -4.0  # of one seat: the peaks of a voice at -16 LUFS reach it rarely
_BLOCK: Final = 48  # 1 ms: the longest time a peak can need for the gain to come down
_BLOCKS: Final = TICK_SAMPLES // _BLOCK
_RELEASE_DB_PER_MS: Final = 0.06  # 60 dB/s: back from 6 dB in 100 ms, slower than a voice's pitch
_RELEASE: Final = 10 ** (_RELEASE_DB_PER_MS / 20)
_SLOPE: Final[Frame] = np.linspace(0, 1, _BLOCK + 1, dtype=np.float32)[1:]


class Limiter:
    """A peak limiter for one signal in frames of 960 samples.

    One for each seat, before the mix, keeps somebody who shouts from pressing down everybody else;
    one behind the mix takes care of what several voices add up to. `gain` is where it stands.
    """

    __slots__ = ("_ceiling", "gain")

    def __init__(self, *, ceiling_dbfs: float = CEILING_DBFS) -> None:
        self._ceiling = 10 ** (ceiling_dbfs / 20)
        self.gain = 1.0

    @property
    def reduction_db(self) -> float:
        """How far the gain is down at the moment: 0 or more."""
        return float(-20 * np.log10(self.gain))

    def process(self, frame: Frame) -> Frame:
        """The frame, nowhere above the ceiling. The input is left as it is."""
        peak = max(float(np.maximum.reduce(frame)), -float(np.minimum.reduce(frame)))
        if peak <= self._ceiling and self.gain >= 1.0:
            return frame
        return self._reduce(frame)

    def _reduce(self, frame: Frame) -> Frame:
        blocks = frame.reshape(_BLOCKS, _BLOCK)
        peaks = np.abs(blocks).max(axis=1)
        ceiling = self._ceiling
        allowed = np.minimum(1.0, ceiling / np.maximum(peaks, ceiling)).tolist()
        # The gain at a knot holds for the blocks on both sides of it; a straight line between two
        # allowed gains is allowed.
        knots = [self.gain]
        for i in range(_BLOCKS):
            ahead = allowed[i + 1] if i + 1 < _BLOCKS else 1.0
            knots.append(min(knots[-1] * _RELEASE, allowed[i], ahead, 1.0))
        line = np.asarray(knots, dtype=np.float32)
        gains = line[:-1, np.newaxis] + (line[1:] - line[:-1])[:, np.newaxis] * _SLOPE
        self.gain = knots[-1]
        out: Frame = (blocks * gains).reshape(TICK_SAMPLES)
        np.clip(out, -ceiling, ceiling, out=out)
        return out

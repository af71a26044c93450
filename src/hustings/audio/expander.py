"""The gate for a room's noise: a downward expander, one per seat.

Six open microphones in six rooms add up to 8 dB more noise than one. So what lies at the level of a
room's own noise is taken down by 18 dB: not to silence, which would sound like a broken line, and
what rises above the noise passes untouched.

Runs in the 20 ms tick. The detector looks at blocks of 2.5 ms of the sound with its treble lifted
(6 dB per octave, as in speech coding), so that the hiss of an "s" counts as much as a vowel and the
rumble of a ventilator does not. The noise is the quietest moment of the last two seconds. Between
"noise" and "voice" the curve is soft; what closes the gate lies lower than what opens it.

Look-ahead without delay: the whole frame is there before its first sample is played, so the gain is
up when an onset inside the frame comes. An onset in the very first block rises within 2.5 ms.
It stays open for 200 ms and closes by 60 dB a second, so that it is heard neither in the pauses of
a sentence nor after it. Sound louder than -38 dBFS is never taken for noise: music passes.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.audio.level import NoiseFloor
from hustings.clock import TICK_SAMPLES

Frame = NDArray[np.float32]

RANGE_DB: Final = 18.0  # how far noise is taken down
LOUD_DBFS: Final = -38.0  # what is louder passes, whatever it is
_BLOCK: Final = 120  # 2.5 ms
_BLOCKS: Final = TICK_SAMPLES // _BLOCK
_EMPHASIS: Final = np.float32(0.9)
# Decibels above the noise at which the gate is shut and wide open: for opening, and once open. The
# level of 2.5 ms of steady noise stays within 3.5 dB of its quietest 20 ms.
_OPENING: Final = (5.0, 9.0)
_OPEN: Final = (4.0, 7.0)
_HOLD_BLOCKS: Final = 80  # 200 ms
_RELEASE_DB: Final = 0.15  # per block: 60 dB/s
_FLOOR_DBFS: Final = (-80.0, -40.0)  # with the treble lifted, a quiet room lies near -75
_FLOOR_DBFS_FIRST: Final = -70.0
_LINE: Final[Frame] = np.linspace(0, 1, _BLOCK + 1, dtype=np.float32)[1:]
_CURVE: Final[Frame] = _LINE * _LINE * (3 - 2 * _LINE)  # starts and ends level: no click


class Expander:
    """The gate of one seat, for successive frames of 960 samples.

    `gain_db` is the gain at the end of the last frame, from -18 to 0; `shut` says that the last
    frame held nothing but noise.
    """

    __slots__ = ("_before", "_floor", "_hold", "_linear", "gain_db", "shut")

    def __init__(self) -> None:
        self.gain_db = -RANGE_DB
        self.shut = True
        self._linear = 0.0
        self._before = np.float32(0.0)
        self._hold = 0
        self._floor = NoiseFloor(
            low_dbfs=_FLOOR_DBFS[0], high_dbfs=_FLOOR_DBFS[1], first_dbfs=_FLOOR_DBFS_FIRST
        )

    def close(self) -> None:
        """The last frame was not played: the next that is begins from silence."""
        self._linear = 0.0

    def process(self, frame: Frame, *, level_dbfs: float) -> Frame:
        """The frame with its noise taken down; the same object where the gate is wide open.

        `level_dbfs` is the RMS of the frame. The frame is only read.
        """
        loud = level_dbfs > LOUD_DBFS
        if loud and self._linear == 1.0:
            # Wide open, and so it stays: what is this loud says nothing of the room's noise.
            self._floor.update(level_dbfs)
            self._before, self._hold, self.shut = frame[-1], _HOLD_BLOCKS, False
            return frame
        knots, curved = self._knots(self._levels(frame), loud=loud)
        first = knots[0]
        if all(knot == first for knot in knots):
            return frame if first == 1.0 else frame * np.float32(first)
        line = np.asarray(knots, np.float32)
        slope = _CURVE if curved else _LINE
        gains = line[:-1, np.newaxis] + (line[1:] - line[:-1])[:, np.newaxis] * slope
        out: Frame = (frame.reshape(_BLOCKS, _BLOCK) * gains).reshape(TICK_SAMPLES)
        return out

    def rest(self, frame: Frame, *, level_dbfs: float) -> None:
        """The frame is neither played nor voice: only the room's noise is learned from it.

        The power with the treble lifted follows from that of the frame and its correlation with
        itself a sample later, at a tenth of the cost.
        """
        next_to = float(np.dot(frame[1:], frame[:-1])) / TICK_SAMPLES
        lifted = (1 + _EMPHASIS**2) * 10 ** (level_dbfs / 10) - 2 * _EMPHASIS * next_to
        self._floor.update(10 * math.log10(max(float(lifted), 0.0) + 1e-10))
        self._before = frame[-1]
        self.gain_db, self._linear, self._hold, self.shut = -RANGE_DB, 0.0, 0, True

    def _levels(self, frame: Frame) -> list[float]:
        """How far each block lies above the noise, in dB."""
        lifted = np.empty(TICK_SAMPLES, np.float32)
        np.multiply(frame[:-1], -_EMPHASIS, out=lifted[1:])
        lifted[0] = -_EMPHASIS * self._before
        lifted += frame
        self._before = frame[-1]
        blocks = lifted.reshape(_BLOCKS, _BLOCK)
        powers = np.einsum("ij,ij->i", blocks, blocks) / _BLOCK
        floor_dbfs = self._floor.update(10 * float(np.log10(powers.mean() + 1e-10)))
        levels: list[float] = (10 * np.log10(powers + 1e-10) - floor_dbfs).tolist()
        return levels

    def _knots(self, levels: list[float], *, loud: bool) -> tuple[list[float], bool]:
        """The gain at the borders of the blocks, and whether it rises on the way."""
        knots = [self._linear]
        gain_db, rises = self.gain_db, self._linear == 0.0
        shut = True
        for level in levels:
            low, high = _OPEN if gain_db > -RANGE_DB else _OPENING
            part = min(max((level - low) / (high - low), 0.0), 1.0)
            wanted_db = 0.0 if loud else RANGE_DB * (part * part * (3 - 2 * part) - 1)
            if wanted_db >= gain_db:
                if wanted_db > gain_db or self._linear == 0.0:
                    rises = True
                    if len(knots) > 1:  # the way up lies in the block before
                        knots[-1] = 10 ** (wanted_db / 20)
                gain_db = wanted_db
                self._hold = _HOLD_BLOCKS if wanted_db > -RANGE_DB else 0
            elif self._hold:
                self._hold -= 1
            else:
                gain_db = max(wanted_db, gain_db - _RELEASE_DB)
            shut = shut and gain_db <= -RANGE_DB
            knots.append(10 ** (gain_db / 20))
        self.gain_db, self._linear, self.shut = gain_db, knots[-1], shut
        return knots, rises

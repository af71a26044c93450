"""How loud a frame is, and whether somebody speaks. Pure.

Runs in the 20 ms tick: one multiplication of vectors for the level, plain arithmetic for the rest.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.float32]

SILENCE_DBFS: Final = -100.0  # what digital silence is reported as

_START_DB: Final = 9.0  # above the noise: speech begins
_STOP_DB: Final = 5.0  # above the noise: speech goes on
START_FRAMES: Final = 2  # 40 ms above the threshold: a click is shorter
_HANG_FRAMES: Final = 20  # 400 ms below the threshold: pauses inside a sentence are shorter
_FLOOR_DBFS_MIN: Final = -65.0  # quieter than any room: speech is at least 9 dB above this
_FLOOR_DBFS_MAX: Final = -40.0  # what is louder than -31 dBFS is never taken for noise
_FLOOR_DBFS_FIRST: Final = -55.0
_MINIMUM_FRAMES: Final = 25  # the floor is the quietest moment of four spans of 0.5 s,
_MINIMUM_SPANS: Final = 4  # since speech pauses for breath that often and noise does not


def rms_dbfs(frame: Frame) -> float:
    """Root mean square relative to full scale, in dB: a sine of amplitude 1.0 has -3.01.

    Digital silence has -100 (`SILENCE_DBFS`), as has whatever is quieter.
    """
    power = float(np.dot(frame, frame)) / len(frame)
    if not power > 1e-10:
        return SILENCE_DBFS
    return 10 * math.log10(power)


def peak_dbfs(frame: Frame) -> float:
    """The largest sample relative to full scale, in dB; -100 for digital silence."""
    peak = max(float(np.maximum.reduce(frame)), -float(np.minimum.reduce(frame)))
    if not peak > 1e-5:
        return SILENCE_DBFS
    return 20 * math.log10(peak)


class NoiseFloor:
    """The level of a room's noise: the quietest moment of the last two seconds, within bounds.

    It falls at once and rises when nothing was as quiet for two seconds.
    """

    __slots__ = ("_count", "_first", "_high", "_low", "_minima", "_quietest", "dbfs")

    def __init__(self, *, low_dbfs: float, high_dbfs: float, first_dbfs: float) -> None:
        self.dbfs = first_dbfs
        self._low, self._high, self._first = low_dbfs, high_dbfs, first_dbfs
        self._minima: list[float] = []
        self._quietest = 0.0
        self._count = 0

    def update(self, level_dbfs: float) -> float:
        """Take the level of the next 20 ms; the floor after it."""
        if level_dbfs <= SILENCE_DBFS:
            # Digital silence comes from a noise gate or an absent seat. Either says no more about
            # the room than what is assumed of any.
            level_dbfs = self._first
        self._quietest = min(self._quietest, level_dbfs)
        if level_dbfs < self.dbfs:
            self.dbfs = max(self._low, level_dbfs)
        self._count += 1
        if self._count >= _MINIMUM_FRAMES:
            self._minima = [*self._minima[1 - _MINIMUM_SPANS :], self._quietest]
            self._count = 0
            self._quietest = 0.0
            if len(self._minima) == _MINIMUM_SPANS:
                self.dbfs = min(max(min(self._minima), self._low), self._high)
        return self.dbfs


class VoiceActivity:
    """Decides from the levels of successive 20 ms frames whether somebody speaks.

    The noise floor follows the quietest moments of the last two seconds, between -65 and -40 dBFS.
    Speech starts after 40 ms at 9 dB above it and ends after 400 ms at less than 5 dB above it.
    """

    __slots__ = ("_above", "_below", "_floor", "_speaking")

    def __init__(self) -> None:
        self._floor = NoiseFloor(
            low_dbfs=_FLOOR_DBFS_MIN, high_dbfs=_FLOOR_DBFS_MAX, first_dbfs=_FLOOR_DBFS_FIRST
        )
        self._above = 0
        self._below = 0
        self._speaking = False

    @property
    def speaking(self) -> bool:
        """What the last update decided."""
        return self._speaking

    @property
    def pause_frames(self) -> int:
        """Frames since the last one that held speech; at most those after which speech has ended.
        It says how long ago somebody stopped, at the moment when that is certain."""
        return self._below

    @property
    def floor_dbfs(self) -> float:
        """The level taken for noise at the moment."""
        return self._floor.dbfs

    def update(self, level_dbfs: float) -> bool:
        """Take the RMS level of the next frame (`rms_dbfs`); whether somebody speaks now.

        Give `SILENCE_DBFS` for a tick in which the seat had no frame.
        """
        over = level_dbfs - self._floor.update(level_dbfs)
        if not self._speaking:
            self._above = self._above + 1 if over >= _START_DB else 0
            if self._above >= START_FRAMES:
                self._speaking = True
                self._below = 0
        else:
            self._below = 0 if over >= _STOP_DB else self._below + 1
            if self._below >= _HANG_FRAMES:
                self._speaking = False
                self._above = 0
        return self._speaking

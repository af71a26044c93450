"""A speaker's gain: brings voices to a common level, slowly.

Runs in the 20 ms tick. It measures only while the speaker speaks and stands still otherwise, so
that pauses do not pump up the room's noise. During the first three seconds of speech it moves three
times as fast, so that a voice is where it belongs after its first sentence. Keep one per seat for
as long as the seat exists: a speaker who comes back is as loud as before.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.clock import TICK_MS, TICK_SAMPLES

Frame = NDArray[np.float32]

TARGET_DBFS: Final = -14.5  # mean power while speaking; with pauses and peaks cut, -16 LUFS
GAIN_DB_MIN: Final = -12.0  # a voice that needs more attenuation is clipped at its microphone
GAIN_DB_MAX: Final = 24.0  # a voice at -40 dBFS; beyond this, noise comes up more than the voice
SLEW_DB_PER_S: Final = 3.0  # not heard as a change
SLEW_FIRST_DB_PER_S: Final = 9.0  # heard, but rather than a first sentence nobody understands
_STEP_DB: Final = SLEW_DB_PER_S * TICK_MS / 1000
_STEP_FIRST_DB: Final = SLEW_FIRST_DB_PER_S * TICK_MS / 1000
_DEADBAND_DB: Final = 0.5  # a gain this close to what is wanted stays
_LEAST_DBFS: Final = -50.0  # a voice does not begin quieter; noise that is filled in is
_PAUSE: Final = 10 ** (-12 / 10)  # this far below the voice nothing moves: that is a pause in it
_MEASURE_S: Final = 3.0  # a sentence: long enough not to follow single words
_MEASURE_FIRST_S: Final = 0.4  # the first words count at once
_SLOPE: Final[Frame] = np.linspace(0, 1, TICK_SAMPLES + 1, dtype=np.float32)[1:]


class SpeakerGain:
    """The slow gain of one seat: -12 to +24 dB, moving at most 3 dB a second (9 at first)."""

    __slots__ = ("_gain_db", "_heard_s", "_linear", "_mean")

    def __init__(self) -> None:
        self._gain_db = 0.0
        self._linear = 1.0
        self._mean = 0.0
        self._heard_s = 0.0

    @property
    def gain_db(self) -> float:
        """The gain at the end of the last frame."""
        return self._gain_db

    def process(self, frame: Frame, *, level_dbfs: float, speaking: bool) -> Frame:
        """The frame at the speaker's gain; the same object where that is exactly 1.

        `level_dbfs` is the RMS of the frame as it came in, `speaking` the voice activity's word.
        """
        if speaking and (self._heard_s or level_dbfs > _LEAST_DBFS):
            self._measure(level_dbfs)
            wanted = TARGET_DBFS - 10 * np.log10(self._mean)
            wanted = min(max(float(wanted), GAIN_DB_MIN), GAIN_DB_MAX)
            distance = wanted - self._gain_db
            said = 10 ** (level_dbfs / 10) > _PAUSE * self._mean
            if said and abs(distance) > _DEADBAND_DB:
                step = _STEP_FIRST_DB if self._heard_s < _MEASURE_S else _STEP_DB
                return self._move(frame, min(max(distance, -step), step))
        if self._linear == 1.0:
            return frame
        return frame * np.float32(self._linear)

    def settle(self) -> None:
        """Go at once to the gain that what was measured so far wants: nobody hears the way."""
        if self._heard_s > 0.0:
            wanted = TARGET_DBFS - 10 * float(np.log10(self._mean))
            self._gain_db = min(max(wanted, GAIN_DB_MIN), GAIN_DB_MAX)
            self._linear = 10 ** (self._gain_db / 20)

    def _move(self, frame: Frame, step_db: float) -> Frame:
        before = self._linear
        self._gain_db += step_db
        self._linear = 10 ** (self._gain_db / 20)
        return frame * (np.float32(before) + np.float32(self._linear - before) * _SLOPE)

    def _measure(self, level_dbfs: float) -> None:
        power = 10 ** (level_dbfs / 10)
        if self._heard_s == 0.0:
            self._mean = max(power, 1e-9)
        self._heard_s = min(self._heard_s + TICK_MS / 1000, _MEASURE_S)
        span_s = max(self._heard_s, _MEASURE_FIRST_S)
        self._mean += (power - self._mean) * (TICK_MS / 1000) / span_s

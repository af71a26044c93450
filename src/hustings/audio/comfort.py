"""Comfort noise: what fills a silence that nobody meant, at the level of the speaker's own room.

Dead silence in the middle of a voice sounds like a broken line. Runs in the 20 ms tick; the same
calls give the same noise.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.clock import TICK_SAMPLES

Frame = NDArray[np.float32]

_POWER_MAX: Final = 1e-5  # -50 dBFS: louder rooms are not imitated
_POWER_MIN: Final = 1e-10
_RISE: Final = 1.05  # per observation
_LOOP: Final = 8 * TICK_SAMPLES
_SHIFT: Final = 840  # no multiple divides the loop soon: the repetition is not heard
_NOISE: Final[Frame] = np.random.default_rng(0).standard_normal(_LOOP, np.float32)


class ComfortNoise:
    """White noise at the level of the quietest moments observed, at most -50 dBFS."""

    __slots__ = ("_at", "_power")

    def __init__(self) -> None:
        self._power = _POWER_MAX
        self._at = 0

    def observe(self, power: float) -> None:
        """Take the mean power of a frame that was heard; a few per second are enough."""
        self._power = min(max(power, _POWER_MIN), self._power * _RISE, _POWER_MAX)

    def make(self, samples: int) -> Frame:
        """`samples` of noise, up to 960."""
        self._at = (self._at + _SHIFT) % (_LOOP - TICK_SAMPLES)
        return _NOISE[self._at : self._at + samples] * np.float32(self._power**0.5)

"""Splices: make sound a little shorter or longer without being heard. Pure.

Both cut where the sound resembles itself, a whole number of pitch periods apart, and crossfade over
5 ms there (WSOLA: Verhelst and Roelands, ICASSP 1993). A steady tone comes out as a steady tone.
They cost about 0.1 ms, so they are for the rare moment in which a buffer is corrected.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.float32]

FADE_SAMPLES: Final = 240  # 5 ms: a period of the lowest voice is 12 ms, so nothing is doubled
_SHORTER: Final = (480, 960)  # 10 to 20 ms: one period or two of any voice from 67 Hz up
_LONGER: Final = (320, 720)  # 7 to 15 ms: likewise, and 20 ms of sound are enough for it
_RISE: Final[Frame] = np.linspace(0, 1, FADE_SAMPLES, dtype=np.float32)


def shorten(sound: Frame) -> Frame:
    """The sound with 10 to 20 ms left out near its beginning.

    Its first sample stays the first and its end stays untouched, so it still joins its neighbours.
    `sound` holds 1440 samples (30 ms) or more; 480 to 960 are left out.
    """
    shift = _similar(sound, *_SHORTER)
    return np.concatenate((crossfade(sound, sound[shift:]), sound[shift + FADE_SAMPLES :]))


def lengthen(sound: Frame) -> Frame:
    """The sound with 7 to 15 ms of itself played twice.

    First and last samples stay first and last. `sound` holds 960 samples (20 ms) or more; 320 to
    720 are added.
    """
    shift = _similar(sound, *_LONGER)
    return np.concatenate((sound[:shift], crossfade(sound[shift:], sound), sound[FADE_SAMPLES:]))


def crossfade(before: Frame, after: Frame) -> Frame:
    """5 ms in which `before` gives way to `after`: 240 samples."""
    return before[:FADE_SAMPLES] * (1 - _RISE) + after[:FADE_SAMPLES] * _RISE


def _similar(sound: Frame, shortest: int, longest: int) -> int:
    """How many samples later the sound is most like its first 5 ms."""
    longest = min(longest, len(sound) - FADE_SAMPLES)
    assert longest >= shortest, f"{len(sound)} samples are too short for a splice"
    template = sound[:FADE_SAMPLES]
    searched = sound[shortest : longest + FADE_SAMPLES]
    likeness = np.correlate(searched, template, mode="valid")
    sums = np.concatenate(([0.0], np.cumsum(np.square(searched, dtype=np.float64))))
    energy = sums[FADE_SAMPLES:] - sums[:-FADE_SAMPLES]
    return shortest + int(np.argmax(likeness / np.sqrt(energy + 1e-6)))

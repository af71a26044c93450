"""Numbered frames: a sound that shows which of its 20 ms frames arrived, however it travelled.

Frame n is a tone for 20 ms; neighbours lie far apart, and the row of tones repeats after 7 frames:
which of them it is follows from the time. All lie where Opus codes speech well. A frame that is
lost on the way and rebuilt from its copy (in-band FEC) still has its tone. One that is concealed
has not: concealment goes on with what was before. So what is read here is what was said and heard,
not what a buffer believes of itself. Pure.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.chunk import OPUS_LOOKAHEAD_SAMPLES
from hustings.clock import SAMPLE_RATE, TICK_MS, TICK_SAMPLES

Sound = NDArray[np.float32]

TONES: Final = 7
_STEP: Final = 3  # neighbours are three tones apart; a prime number of tones: each has its turn
_HZ_FIRST: Final = 600
_HZ_STEP: Final = 400
_LEVEL: Final = 0.06
_FADE: Final = 48  # 1 ms at both ends: no clicks
_HOP: Final = 48
_WINDOW: Final = 480  # 10 ms: two neighbouring tones are told apart
_POWER_MIN: Final = 1e-6
_RUN_MIN: Final = 3  # hops; less is a transition
_SLIP_MS: Final = 40  # a tone may come so much sooner than its time: where sound was left out
_WHOLE: Final = 16  # hops of 20: the rest is transition to the neighbours


@dataclass(frozen=True, slots=True)
class Reading:
    """What was heard of the frames between the first and the last that were heard.

    `lost` is the share of their sound that was not, `gap_ms` the longest time without anything new.
    """

    frames: int
    lost: float
    gap_ms: float


def sound(seconds: float) -> Sound:
    """The frames, placed so that packet n of an encoder holds frame n and nothing else."""
    count = round(seconds * 50)
    at = np.arange(TICK_SAMPLES)
    slope = np.clip(np.minimum(at + 1, TICK_SAMPLES - at) / _FADE, 0, 1)
    numbers = np.arange(count) * _STEP % TONES
    hz = (_HZ_FIRST + _HZ_STEP * numbers)[:, np.newaxis]
    frames = np.sin(2 * np.pi * hz / SAMPLE_RATE * at) * slope * _LEVEL
    return frames.reshape(-1)[OPUS_LOOKAHEAD_SAMPLES:].astype(np.float32)


def read(heard: Sound) -> Reading:
    """What of the frames is in a sound."""
    amounts: dict[int, int] = {}  # hops per frame
    newest, newest_at, gap = -1, 0, 0
    for at, length, tone in _runs(_tones(heard)):
        if newest < 0:
            newest, newest_at = tone, at
        elapsed = at - newest_at
        ahead = (tone - newest) % TONES
        if ahead * TICK_MS > elapsed + _SLIP_MS:
            continue  # nothing new: the mark of a splice, or of a guess
        rounds = max(0, elapsed - ahead * TICK_MS + _SLIP_MS // 2) // (TONES * TICK_MS)
        number = newest + ahead + rounds * TONES
        if number > newest:
            gap = max(gap, at - newest_at - TICK_MS)
            newest, newest_at = number, at
        amounts[number] = amounts.get(number, 0) + length
    if len(amounts) < 2:
        return Reading(0, 1.0, len(heard) / 48)
    # The first and the last may have been cut.
    inner = range(min(amounts) + 1, newest)
    heard_share = sum(min(1.0, amounts.get(n, 0) / _WHOLE) for n in inner)
    return Reading(len(inner), 1 - heard_share / len(inner), float(gap))


def _tones(heard: Sound) -> NDArray[np.int64]:
    """For each millisecond which place in the row its tone has, or -1."""
    if len(heard) < _WINDOW:
        return np.zeros(0, np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(heard, _WINDOW)[::_HOP]
    at = np.arange(_WINDOW) / SAMPLE_RATE
    hz = _HZ_FIRST + _HZ_STEP * np.arange(TONES)
    probes = np.exp(-2j * np.pi * hz[:, np.newaxis] * at).T * np.hanning(_WINDOW)[:, np.newaxis]
    best = np.empty(len(windows), np.int64)
    order = np.empty(TONES, np.int64)
    order[np.arange(TONES) * _STEP % TONES] = np.arange(TONES)
    for begin in range(0, len(windows), 4_096):
        part = windows[begin : begin + 4_096].astype(np.float64)
        power = np.abs(part @ probes) ** 2
        loud = np.square(part).mean(axis=1) > _POWER_MIN
        best[begin : begin + len(part)] = np.where(loud, order[power.argmax(axis=1)], -1)
    return best


def _runs(tones: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Where one tone is heard for 3 ms or more: beginning, length, its place in the row."""
    borders = [0, *(np.flatnonzero(np.diff(tones)) + 1).tolist(), len(tones)]
    return [
        (a, b - a, int(tones[a]))
        for a, b in itertools.pairwise(borders)
        if b - a >= _RUN_MIN and tones[a] >= 0
    ]

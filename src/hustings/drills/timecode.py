"""The time code: a sound that says what time it is, to measure delay and gaps by ear of a program.

Time is cut into slots of 100 ms. Slot s is filled with a sine of 400 + 100 x (s mod 80) Hz,
amplitude -12 dBFS, faded in and out within 5 ms. The code repeats after 80 slots, 8 seconds, so a
reader who knows the time to within 4 seconds knows it to within some milliseconds. The tones lie
between 400 and 8300 Hz, 100 Hz apart: they pass both codecs at speech rates, and 20 ms of one hold
whole periods of all, so that a short spectrum separates them.

A slot's number may count from anything: programme time, wall time (`slot_at_ms`). Pure.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.clock import SAMPLE_RATE

Frame = NDArray[np.float32]

SLOT_MS: Final = 100
SLOTS: Final = 80
HZ_FIRST: Final = 400
HZ_STEP: Final = 100
LEVEL_DBFS: Final = -12.0

_SLOT_SAMPLES: Final = SLOT_MS * SAMPLE_RATE // 1000
_LOOP_SAMPLES: Final = SLOTS * _SLOT_SAMPLES
_FADE_SAMPLES: Final = 240
_WINDOW: Final = 960  # 20 ms: 50 Hz per bin, every tone in the middle of one
_HOP: Final = 96  # 2 ms: the resolution of what is read
_SHARE_MIN: Final = 0.15  # of the energy in one tone; where two slots meet each has a quarter
_POWER_MIN: Final = 1e-6  # quieter than -60 dBFS is not read
_RUN_HOPS_MIN: Final = 15  # 30 ms: less of a slot is left out
_JOIN_HOPS: Final = 15  # slots this close follow each other


@dataclass(frozen=True, slots=True)
class Reading:
    """A slot that was heard: `sample` is where it begins, `slot` its number modulo 80.

    `whole` is False when the slot's beginning was not heard; `sample` is then where its end says
    that it began or, when that was not heard either, where it was first heard.
    """

    sample: int
    slot: int
    whole: bool


def slot_at_ms(ms: int) -> int:
    """The slot that contains a time in milliseconds."""
    return ms // SLOT_MS


def nearest(slot: int, *, expected: int) -> int:
    """The full number of a slot read modulo 80, given about which is expected (± 39)."""
    return expected + (slot - expected + SLOTS // 2) % SLOTS - SLOTS // 2


def samples(*, start: int, count: int) -> Frame:
    """`count` samples (float32, 48 kHz) of the code from its sample `start` on.

    Sample 0 is the beginning of slot 0, so a sender that starts at slot s passes s x 4800.
    """
    at = np.arange(start, start + count) % _LOOP_SAMPLES
    return _loop()[at]


def read(pcm: Frame) -> list[Reading]:
    """All slots heard in mono sound at 48 kHz, in order, each placed to within about 5 ms."""
    tones = _tones(pcm)
    found: list[Reading] = []
    runs = _runs(tones)
    for index, (first, after) in enumerate(runs):
        before = runs[index - 1][1] if index else -_JOIN_HOPS
        whole = first - before < _JOIN_HOPS
        followed = index + 1 < len(runs) and runs[index + 1][0] - after < _JOIN_HOPS
        sample = _edge(first)
        if not whole and followed:
            sample = min(sample, _edge(after) - _SLOT_SAMPLES)
        found.append(Reading(sample=sample, slot=int(tones[first]), whole=whole))
    return found


@functools.cache
def _loop() -> Frame:
    at = np.arange(_SLOT_SAMPLES)
    slope = np.ones(_SLOT_SAMPLES)
    slope[:_FADE_SAMPLES] = (at[:_FADE_SAMPLES] + 0.5) / _FADE_SAMPLES
    slope[-_FADE_SAMPLES:] = slope[:_FADE_SAMPLES][::-1]
    hz = HZ_FIRST + HZ_STEP * np.arange(SLOTS)[:, np.newaxis]
    waves = np.sin(2 * np.pi * hz / SAMPLE_RATE * at) * slope * 10 ** (LEVEL_DBFS / 20)
    loop: Frame = waves.reshape(_LOOP_SAMPLES).astype(np.float32)
    return loop


def _tones(pcm: Frame) -> NDArray[np.int64]:
    """For each hop the slot (0 to 79) whose tone fills the window, or -1."""
    if len(pcm) < _WINDOW:
        return np.zeros(0, np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(pcm, _WINDOW)[::_HOP]
    first, step = HZ_FIRST * _WINDOW // SAMPLE_RATE, HZ_STEP * _WINDOW // SAMPLE_RATE
    best = np.empty(len(windows), np.int64)
    # A few seconds at a time: all windows of an hour at once would need gigabytes.
    for at in range(0, len(windows), 2_048):
        part = windows[at : at + 2_048].astype(np.float64)
        power = np.abs(np.fft.rfft(part, axis=1)[:, first : first + step * SLOTS : step]) ** 2
        energy = np.square(part).sum(axis=1)
        strongest = power.argmax(axis=1)
        share = power.max(axis=1) / np.maximum(energy * _WINDOW / 2, 1e-12)
        heard = (share > _SHARE_MIN) & (energy > _POWER_MIN * _WINDOW)
        best[at : at + len(part)] = np.where(heard, strongest, -1)
    return best


def _runs(tones: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Spans of hops (first, one past the last) that hear one tone for 30 ms or more."""
    if not len(tones):
        return []
    borders = [0, *(np.flatnonzero(np.diff(tones)) + 1).tolist(), len(tones)]
    return [
        (a, b) for a, b in itertools.pairwise(borders) if b - a >= _RUN_HOPS_MIN and tones[a] >= 0
    ]


def _edge(hop: int) -> int:
    return hop * _HOP + (_WINDOW - _HOP) // 2

"""What the demo's sounds say: delays, stalls, and whether the recording holds what was said. Pure.

All speakers say one time code, in turns: the slots of the monotonic clock.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.clock import SAMPLE_RATE
from hustings.drills import timecode
from hustings.drills.listener import Listener

Sound = NDArray[np.float32]

SLOT_S: Final = timecode.SLOT_MS / 1000
PERIOD_S: Final = SLOT_S * timecode.SLOTS
TURN_SAMPLES: Final = 20 * timecode.SLOT_MS * SAMPLE_RATE // 1000
# Two slots of one speaker begin 100 ms apart, unless the jitter buffer stretches (up to its
# greatest target) because the sender's machine stuttered. Lost speech shows as a missing slot.
SLIP_S: Final = 0.24
TURN_SLIP_S: Final = 0.3  # between two speakers, whose paths to the mixer differ


@dataclass(frozen=True, slots=True)
class Percentiles:
    """p50 and p99 in milliseconds."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Reread:
    """What a recording was found to hold: slots read, and every place where the code breaks."""

    slots: int
    breaks: tuple[str, ...]


def voice(index: int, *, of: int) -> Callable[[int, int], Sound]:
    """The voice of speaker `index` of `of`: the time code while it is their turn, else silence."""

    def say(sample: int, count: int) -> Sound:
        if sample // TURN_SAMPLES % of != index:
            return np.zeros(count, np.float32)
        return timecode.samples(start=sample, count=count)

    return say


def percentiles(seconds: Sequence[float]) -> Percentiles | None:
    """Percentiles of durations given in seconds; None if there are none."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))]
    return Percentiles(round(statistics.median(ordered) * 1000, 1), round(p99 * 1000, 1))


def mouth_to_ear(listener: Listener) -> list[float]:
    """Seconds from mouth to ear for each slot that a listener heard the beginning of.

    The code counts the monotonic clock's slots, so when a slot was said follows from its number,
    but for the 8 seconds after which the numbers come round again.
    """
    played = listener.playout()
    if played is None:
        return []
    start, sound = listener.sound()
    return [
        (played.heard_at(start + reading.sample) - reading.slot * SLOT_S) % PERIOD_S
        for reading in timecode.read(sound)
        if reading.whole
    ]


def first_code(listener: Listener) -> float | None:
    """The moment at which a listener first heard the time code; None if never."""
    played = listener.playout()
    if played is None:
        return None
    start, sound = listener.sound()
    readings = timecode.read(sound)
    return played.heard_at(start + readings[0].sample) if readings else None


def reread(recording: Sound) -> Reread:
    """Read the time code of a whole recording and find every break in it.

    Slots must follow each other by one and begin 100 ms apart. The reader knows nothing of the
    encoder: it gets decoded sound.
    """
    readings = timecode.read(recording)
    breaks = []
    for earlier, later in itertools.pairwise(readings):
        step = (later.slot - earlier.slot) % timecode.SLOTS
        apart = (later.sample - earlier.sample) / SAMPLE_RATE
        slip = SLIP_S if earlier.whole and later.whole else TURN_SLIP_S
        if step != 1 or abs(apart - SLOT_S) > slip:
            at = earlier.sample / SAMPLE_RATE
            breaks.append(f"{at:.2f} s: slot {earlier.slot} → {later.slot} after {apart:.3f} s")
    return Reread(len(readings), tuple(breaks))


def longest_silence(recording: Sound, *, below_dbfs: float = -50.0) -> float:
    """Seconds of the longest stretch quieter than `below_dbfs` (10 ms steps)."""
    step = SAMPLE_RATE // 100
    whole = recording[: len(recording) // step * step].reshape(-1, step)
    quiet = np.sqrt(np.mean(np.square(whole, dtype=np.float64), axis=1)) < 10 ** (below_dbfs / 20)
    return max(_runs(quiet), default=0) * step / SAMPLE_RATE


def _runs(flags: Iterable[np.bool]) -> Iterable[int]:
    for value, group in itertools.groupby(flags):
        if value:
            yield sum(1 for _ in group)

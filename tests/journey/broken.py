"""How much speech a kill cost: counted in slots of the time code, from decoded sound.

All speakers say the slots of the monotonic clock (100 ms each), so a slot that is missing from what
a listener or the recording holds is speech that was lost, and the slot that was being said at the
kill is known.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from hustings.clock import SAMPLE_RATE
from hustings.drills import measure, timecode
from hustings.drills.listener import Listener
from hustings.drills.measure import Sound

WINDOW_S = 4.0


@dataclass(frozen=True, slots=True)
class Kill:
    """What was killed, and when (monotonic seconds)."""

    what: str
    at: float


def slots_heard(listener: Listener) -> set[int]:
    """The slots of the monotonic clock that a listener heard.

    A slot's number is read modulo 80 (8 s); which one it is follows from when it arrived.
    """
    start, sound = listener.sound()
    arrivals = iter(sorted(listener.heard, key=lambda heard: heard.sample))
    current = next(arrivals)
    heard = set()
    for reading in timecode.read(sound):
        while start + reading.sample >= current.sample + len(current.sound):
            current = next(arrivals)
        expected = round((current.at - 0.4) / measure.SLOT_S)
        heard.add(timecode.nearest(reading.slot, expected=expected))
    return heard


def seconds_lost(listener: Listener, kill: Kill) -> float:
    """The longest stretch of speech around a kill that a listener did not hear, in seconds."""
    first = round(kill.at / measure.SLOT_S)
    said = range(first - 10, first + round(WINDOW_S / measure.SLOT_S))
    heard = slots_heard(listener)
    runs = itertools.groupby(said, key=lambda slot: slot in heard)
    return max((sum(1 for _ in run) for there, run in runs if not there), default=0) * 0.1


def seconds_missing(recording: Sound) -> list[float]:
    """Stretches of speech that a recording jumps over, in seconds, in its order."""
    readings = timecode.read(recording)
    steps = (
        (later.slot - earlier.slot) % timecode.SLOTS
        for earlier, later in itertools.pairwise(readings)
    )
    return [round((step - 1) * measure.SLOT_S, 1) for step in steps if step > 1]


def offsets_ms(one: Sound, other: Sound, *, window_s: float = 2.0) -> list[float]:
    """How much later than `one` the sound of `other` is, window by window, in milliseconds.

    By cross-correlation; windows that hold hardly any sound are left out.
    """
    size = round(window_s * SAMPLE_RATE)
    found = []
    for at in range(0, min(len(one), len(other)) - size + 1, size):
        a, b = one[at : at + size], other[at : at + size]
        if np.sqrt(np.mean(a**2)) < 0.01:
            continue
        spectrum = np.fft.rfft(b, 2 * size) * np.conj(np.fft.rfft(a, 2 * size))
        lag = int(np.argmax(np.fft.irfft(spectrum)))
        found.append((lag if lag < size else lag - 2 * size) * 1000 / SAMPLE_RATE)
    return found


def longest_stall(listener: Listener) -> float:
    """Seconds of the longest time that a listener's player stood still."""
    played = listener.playout()
    assert played is not None
    return max((stall.seconds for stall in played.stalls), default=0.0)


def samples_missing(listener: Listener) -> int:
    """Programme samples between a listener's first and last that never arrived."""
    pieces = sorted((h.sample, h.sample + len(h.sound)) for h in listener.heard)
    return sum(max(0, begin - end) for (_, end), (begin, _) in itertools.pairwise(pieces))

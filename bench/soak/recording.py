"""The recording of a soak, read again from its first sample to its last. Pure but for the decoder.

In pieces: two hours of samples at once would be gigabytes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from hustings.clock import SAMPLE_RATE
from hustings.drills import measure, timecode
from hustings.drills.timecode import Reading

Sound = NDArray[np.float32]

_PIECE_S: Final = 60
_OVERLAP: Final = SAMPLE_RATE // 2
_HTTP_S: Final = 30.0
AROUND_TURN_S: Final = 1.5  # where one stops and another begins, by their own clocks


@dataclass(frozen=True, slots=True)
class Reread:
    """What a recording holds: its length, the slots read, and where the code breaks in a turn."""

    samples: int
    slots: int
    breaks: tuple[str, ...]


def reread(address: str, *, turn_s: float, first_turn_s: float) -> Reread:
    """Read a recording by its address. Turns change at `first_turn_s` and every `turn_s` after."""
    samples = slots = 0
    breaks: list[str] = []
    last: Reading | None = None
    for begin, sound, end in _pieces(address):
        samples = end
        for reading in timecode.read(sound):
            placed = Reading(begin + reading.sample, reading.slot, reading.whole)
            if last is not None and placed.sample <= last.sample + SAMPLE_RATE // 40:
                continue  # seen in the piece before
            if last is not None and _goes_on(last, placed):
                continue
            slots += 1
            if last is not None and (told := _break(last, placed)):
                at_s = placed.sample / SAMPLE_RATE
                into_s = (at_s - first_turn_s) % turn_s
                if AROUND_TURN_S < into_s < turn_s - AROUND_TURN_S:
                    breaks.append(f"{at_s:.2f} s: {told}")
            last = placed
    return Reread(samples, slots, tuple(breaks))


def _goes_on(earlier: Reading, later: Reading) -> bool:
    """Whether it is the same slot still: packets came late, and the jitter buffer stretched it."""
    apart_s = (later.sample - earlier.sample) / SAMPLE_RATE
    return later.slot == earlier.slot and apart_s <= measure.SLIP_S


def _break(earlier: Reading, later: Reading) -> str:
    step = (later.slot - earlier.slot) % timecode.SLOTS
    apart_s = (later.sample - earlier.sample) / SAMPLE_RATE
    if step == 1 and abs(apart_s - measure.SLOT_S) <= measure.SLIP_S:
        return ""
    return f"slot {earlier.slot} to {later.slot} after {apart_s:.3f} s"


def _pieces(address: str) -> Iterator[tuple[int, Sound, int]]:
    """Where a piece begins, its sound, and where all sound so far ends; pieces overlap."""
    held: list[Sound] = []
    begin = count = 0
    for sound in itertools.chain(_frames(address), [None]):
        if sound is not None:
            held.append(sound)
            count += len(sound)
        if count >= _PIECE_S * SAMPLE_RATE or (sound is None and held):
            whole = np.concatenate(held)
            yield begin, whole, begin + len(whole)
            kept = whole[-_OVERLAP:]
            begin += len(whole) - len(kept)
            held, count = [kept], len(kept)


def _frames(address: str) -> Iterator[Sound]:
    with av.open(address, timeout=_HTTP_S) as container:
        for frame in container.decode(audio=0):
            yield frame.to_ndarray().reshape(-1).astype(np.float32)

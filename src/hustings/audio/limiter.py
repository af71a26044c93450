"""The limiter: keeps peaks at or below a ceiling without delay.

Runs in the 20 ms tick. Below the ceiling with nothing to recover from, a frame passes through as
the same object, for the price of finding its peak.

Look-ahead without delay: the whole frame is there before its first sample is played, so the gain
is already down when a peak inside the frame comes. It moves in straight lines between knots 1 ms
apart, never jumps, and needs no clipping, except in one case: a peak in the first millisecond of a
frame finds the gain still on its way down. What sticks out there is bounded at the ceiling for at
most that millisecond. Adding nothing to the programme's delay is worth that.

A limiter remembers its gain, so each signal (the programme, each mix-minus) needs its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.clock import TICK_SAMPLES

Frame = NDArray[np.float32]

CEILING_DBFS: Final = -1.0
VOICE_CEILING_DBFS: Final = -4.0  # of one seat: the peaks of a voice at -16 LUFS reach it rarely
_BLOCK: Final = 48  # 1 ms: the longest time a peak can need for the gain to come down
_BLOCKS: Final = TICK_SAMPLES // _BLOCK
_RELEASE_DB_PER_MS: Final = 0.06  # 60 dB/s: back from 6 dB in 100 ms, slower than a voice's pitch
_RELEASE: Final = 10 ** (_RELEASE_DB_PER_MS / 20)
_LETTING_GO: Final = _RELEASE ** np.arange(_BLOCKS + 1)
_WHOLE: Final = 1 - 1e-9  # from here on nothing is left but rounding
_SLOPE: Final[Frame] = np.linspace(0, 1, _BLOCK + 1, dtype=np.float32)[1:]


class Limiter:
    """A peak limiter for one signal in frames of 960 samples.

    One for each seat, before the mix, keeps somebody who shouts from pressing down everybody else;
    one behind the mix takes care of what several voices add up to. `gain` is where it stands.
    """

    __slots__ = ("ceiling", "gain")

    def __init__(self, *, ceiling_dbfs: float = CEILING_DBFS) -> None:
        self.ceiling = 10 ** (ceiling_dbfs / 20)
        self.gain = 1.0

    @property
    def reduction_db(self) -> float:
        """How far the gain is down at the moment: 0 or more."""
        return float(-20 * np.log10(self.gain))

    def process(self, frame: Frame) -> Frame:
        """The frame, nowhere above the ceiling. The input is left as it is."""
        peak = max(float(np.maximum.reduce(frame)), -float(np.minimum.reduce(frame)))
        if peak <= self.ceiling and self.gain >= 1.0:
            return frame
        limited: Frame = _reduce([self], frame[np.newaxis], _peaks(frame[np.newaxis]))[0]
        return limited


def limit(limiters: Sequence[Limiter], frames: Sequence[Frame]) -> list[Frame]:
    """Each frame by its own limiter, as `Limiter.process`: together they cost a third.

    Only those that need it are touched; `frames` are left as they are.
    """
    out = list(frames)
    if not frames:
        return out
    sound = np.stack(frames)
    peaks = _peaks(sound)
    highest = np.maximum.reduce(peaks, axis=1).tolist()
    busy = [
        i for i, top in enumerate(highest) if top > limiters[i].ceiling or limiters[i].gain < 1.0
    ]
    if busy:
        limited = _reduce([limiters[i] for i in busy], sound[busy], peaks[busy])
        for i, frame in zip(busy, limited, strict=True):
            out[i] = frame
    return out


def _peaks(sound: Frame) -> Frame:
    """The peak of each block of each row."""
    blocks = sound.reshape(len(sound), _BLOCKS, _BLOCK)
    found: Frame = np.maximum.reduce(np.abs(blocks), axis=2)
    return found


def _reduce(limiters: Sequence[Limiter], sound: Frame, peaks: Frame) -> Frame:
    """Rows of sound at their limiters' gains."""
    rows = len(limiters)
    ceilings = np.array([[limiter.ceiling] for limiter in limiters])
    allowed = np.ones((rows, _BLOCKS + 1))
    np.divide(ceilings, np.maximum(peaks, ceilings), out=allowed[:, :_BLOCKS])
    # A knot is at most the one before it, let go for a block, and at most what both blocks beside
    # it allow: a straight line between two allowed gains is allowed. Seen from a gain that is let
    # go all the time, that is the least so far.
    knots = np.empty((rows, _BLOCKS + 1))
    knots[:, 0] = [limiter.gain for limiter in limiters]
    np.minimum(allowed[:, :-1], allowed[:, 1:], out=knots[:, 1:])
    knots /= _LETTING_GO
    np.minimum.accumulate(knots, axis=1, out=knots)
    knots *= _LETTING_GO
    for limiter, gain in zip(limiters, knots[:, -1].tolist(), strict=True):
        limiter.gain = gain if gain < _WHOLE else 1.0
    line = knots.astype(np.float32)
    gains = line[:, :-1, np.newaxis] + (line[:, 1:] - line[:, :-1])[:, :, np.newaxis] * _SLOPE
    out: Frame = sound * gains.reshape(rows, TICK_SAMPLES)
    tops = ceilings.astype(np.float32)
    return np.clip(out, -tops, tops, out=out)

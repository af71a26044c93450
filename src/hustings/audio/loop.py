"""A sound that can be heard for an hour: made into a loop without a seam, and brought to a level.

What joins well already stays as it is, to the sample. Otherwise the end is crossfaded into the
beginning over half a second, where the two are most alike, so that a held tone goes on in step; the
gains keep the power of what they add up to, whether the two are alike or strangers. Not for the
tick: half a minute of sound takes some tens of milliseconds.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.audio.loudness import QUIET_LUFS, LoudnessMeter
from hustings.clock import SAMPLE_RATE
from hustings.errors import BadInput

Frame = NDArray[np.float32]

LOUDNESS_LUFS: Final = -24.0  # below speech at -16: whoever talks over it is understood
PEAK: Final = 0.7  # -3 dBFS: what a codec adds stays below full scale
_FADE: Final = SAMPLE_RATE // 2
_SEARCH: Final = SAMPLE_RATE // 50  # 20 ms: a period of the lowest note that is heard
_NEAR: Final = SAMPLE_RATE // 50  # how far around a seam is looked
_SILENT: Final = 10 ** (-70 / 20)
_BREATH: Final = SAMPLE_RATE // 200
_PADDING: Final = SAMPLE_RATE // 10  # silence that a codec puts at an end is shorter than this
_REST: Final = SAMPLE_RATE  # silence at an end longer than a second is dead air
_CLICK: Final = 1.5  # a step this much greater than all near it is heard
_MEASURED: Final = 3 * SAMPLE_RATE  # a loudness needs some sound


def looped(sound: Frame) -> Frame:
    """The sound as a loop of its own length or up to half a second less; `BadInput` if silent."""
    sound = _trimmed(sound)
    if _breaks_off(sound):
        sound = sound[:-_NEAR]
    elif seamless(sound):
        return sound
    return _crossfaded(sound)


def levelled(loop: Frame) -> Frame:
    """The loop at `LOUDNESS_LUFS`, or as near as its peaks allow; `BadInput` if silent."""
    meter = LoudnessMeter()
    for _ in range(max(1, -(-_MEASURED // len(loop)))):
        meter.add(loop)
    measured = meter.finish().integrated_lufs
    if measured <= QUIET_LUFS:
        raise BadInput("sound", expected="something that can be heard", got="silence")
    gain = 10 ** ((LOUDNESS_LUFS - measured) / 20)
    return loop * np.float32(min(gain, PEAK / float(np.abs(loop).max())))


def seamless(sound: Frame) -> bool:
    """Whether the beginning follows the end without a click: no step at the seam that would stand
    out from those near it, neither of the sound nor of its lower part."""
    if np.abs(sound[-_BREATH:]).max() < _SILENT:
        return True  # what begins after silence is an attack of its own
    near = min(_NEAR, len(sound) // 2)
    joined = np.concatenate((sound[-near:], sound[:near])).astype(np.float64)
    return not any(_clicks(part, near) for part in (joined, _low(joined)))


def _breaks_off(sound: Frame) -> bool:
    """Whether something within the last 20 ms stands out from what was before: a codec that was
    cut off rings on."""
    tail = np.abs(np.diff(sound[-6 * _NEAR :].astype(np.float64), n=2))
    return bool(tail[-_NEAR:].max() > _CLICK * tail[:-_NEAR].max() + 1e-5)


def _clicks(joined: NDArray[np.float64], seam: int) -> bool:
    bend = np.abs(np.diff(joined, n=2))
    reach = 2 + (len(joined) != 2 * _NEAR)
    at = slice(seam - 1 - reach, seam + reach)
    others = np.concatenate((bend[: at.start], bend[at.stop :]))
    return bool(bend[at].max() > _CLICK * others.max() + 1e-5)


def _low(joined: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part below some 2 kHz: beside cymbals a step of the bass is no small thing."""
    made: NDArray[np.float64] = np.convolve(joined, np.full(16, 1 / 16), mode="same")
    return made


def _trimmed(sound: Frame) -> Frame:
    loud = np.flatnonzero(np.abs(sound) > _SILENT)
    if not len(loud):
        raise BadInput("sound", expected="something that can be heard", got="silence")
    before, after = int(loud[0]), len(sound) - 1 - int(loud[-1])
    return sound[_spare(before) : len(sound) - _spare(after)]


def _spare(silent: int) -> int:
    """How much of a silent end is left out."""
    if silent < _BREATH:
        return 0  # where a wave passes through zero
    return silent if silent <= _PADDING else max(0, silent - _REST)


def _crossfaded(sound: Frame) -> Frame:
    fade = min(_FADE, len(sound) // 4)
    head = sound[:fade].astype(np.float64)
    searched = sound[-(fade + min(_SEARCH, len(sound) // 4)) :].astype(np.float64)
    # How alike head and tail are, for each place at which the tail may begin.
    likeness = np.correlate(searched, head, mode="valid")
    sums = np.concatenate(([0.0], np.cumsum(searched**2)))
    energy = (sums[fade:] - sums[:-fade]) * float(head @ head)
    likeness /= np.sqrt(energy + 1e-12)
    at = int(np.argmax(likeness))
    alike = float(np.clip(likeness[at], 0.0, 1.0))
    tail = searched[at : at + fade]
    turn = np.linspace(0, np.pi / 2, fade, endpoint=False)
    both = np.sqrt(1 + alike * np.sin(2 * turn))
    joint = (tail * np.cos(turn) + head * np.sin(turn)) / both
    end = len(sound) - len(searched) + at
    return np.concatenate((joint.astype(np.float32), sound[fade:end]))

"""The hold sound: what the audience hears until the space goes live and while it is held.

Two soft chords that breathe, and over them five low notes, three rising and two falling: calm
enough for forty minutes, recognisable enough to say "this is the right place, it has not begun".
It is computed, not recorded: nobody's rights, no file.

Every frequency is a whole number of periods in the loop, and notes that ring past its end ring on
at its beginning: the loop has no seam. Nothing in it lies above 350 Hz, well below where speech is
understood and where measurements listen for tones. Its loudness is about -30 LUFS.

Computed once per process (a tenth of a second); a frame is a slice of the loop. A host's own sound
(`loop`) is played the same way; it lies in memory as it is kept, in 16 bits.
"""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.clock import SAMPLE_RATE, TICK_SAMPLES

Frame = NDArray[np.float32]
Pcm = NDArray[np.int16]

LOOP_S: Final = 9.6  # thirty chunks
HZ_MAX: Final = 350.0
_LOOP_SAMPLES: Final = 460_800

# D major with an added ninth, then G with the third in the bass: frequencies in Hz, weights.
_FIRST: Final = ((110.0, 0.7), (146.83, 1.0), (185.0, 0.5), (220.0, 0.6), (329.63, 0.18))
_SECOND: Final = ((98.0, 0.7), (123.47, 0.8), (146.83, 0.7), (196.0, 0.6), (293.66, 0.22))
# The melody: start in seconds, Hz. A, D, E; then D, B.
_NOTES: Final = ((0.6, 220.0), (1.8, 293.66), (3.0, 329.63), (5.4, 293.66), (7.2, 246.94))
_NOTE_WEIGHT: Final = 0.9
_NOTE_ATTACK_S: Final = 0.09
_NOTE_DECAY_S: Final = 0.8
_PULSE_S: Final = 1.2  # eight breaths in the loop
_FULL_SCALE: Final = np.float32(1 / 32768)
_SCALE: Final = 0.04  # brings the loop to -30 LUFS


class HoldSound:
    """The hold sound as an endless row of 20 ms frames. Several may play at different places.

    `pcm` is a loop of one's own, of any length from a frame on: 16 bits, mono, 48 kHz.
    """

    __slots__ = ("_at", "_pcm")

    def __init__(self, pcm: Pcm | None = None) -> None:
        self._at = 0
        self._pcm = pcm

    def frame(self) -> Frame:
        """The next 960 samples. They are read-only, and shared where the sound is the built-in."""
        start = self._at
        if self._pcm is None:
            self._at = (start + TICK_SAMPLES) % _LOOP_SAMPLES
            return loop()[start : start + TICK_SAMPLES]
        part = self._pcm[start : start + TICK_SAMPLES]
        self._at = start + TICK_SAMPLES
        if self._at >= len(self._pcm):
            self._at -= len(self._pcm)
            part = np.concatenate((part, self._pcm[: self._at]))
        return part.astype(np.float32) * _FULL_SCALE


@functools.cache
def loop() -> Frame:
    """The built-in hold sound, whole."""
    at_s = np.arange(_LOOP_SAMPLES) / SAMPLE_RATE
    pulse = 0.85 + 0.15 * np.cos(2 * np.pi * at_s / _PULSE_S)
    # Each chord is heard for half of the loop; raised cosines overlap into a crossfade.
    first = 0.5 + 0.5 * np.clip(1.6 * np.cos(2 * np.pi * (at_s / LOOP_S - 0.25)), -1, 1)
    first = first * first * (3 - 2 * first)
    sound = (_chord(_FIRST, at_s) * first + _chord(_SECOND, at_s) * (1 - first)) * pulse
    for start_s, hz in _NOTES:
        since_s = (at_s - start_s) % LOOP_S
        attack = np.clip(since_s / _NOTE_ATTACK_S, 0, 1)
        envelope = attack * attack * (3 - 2 * attack) * np.exp(-since_s / _NOTE_DECAY_S)
        sound += _NOTE_WEIGHT * envelope * _sine(hz, at_s)
    made: Frame = (sound * _SCALE).astype(np.float32)
    made.flags.writeable = False
    return made


def _chord(
    notes: tuple[tuple[float, float], ...], at_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    out = np.zeros(len(at_s))
    for hz, weight in notes:
        out += weight * _sine(hz, at_s)
    return out


def _sine(hz: float, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    periods = round(hz * LOOP_S)
    wave: NDArray[np.float64] = np.sin(2 * np.pi * periods / LOOP_S * at_s)
    return wave

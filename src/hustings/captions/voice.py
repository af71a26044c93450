"""Where there is voice in a seat's sound: `earshot`, and two looks of our own at what it let pass.

`earshot` (a small recurrent network) hears no voice in clicks, tones and quiet noise, but takes
loud hiss for one. Speech is never as flat as hiss in its spectrum, and never quieter than a room.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.captions.engine import RATE, Sound

FRAME: Final = 256  # samples of one decision: 16 ms, as the network has it
FRAME_MS: Final = FRAME * 1000 // RATE

_VOICE: Final = 0.5
_FLAT: Final = (
    0.45  # geometric to arithmetic mean of the power: white noise 0.56, speech below 0.35
)
_QUIET: Final = 10 ** (-55 / 20)  # RMS; whoever speaks into a telephone is 30 dB above it
_LOWEST_BIN: Final = 2  # below 125 Hz there is hum
_WINDOW: Final = np.hanning(FRAME).astype(np.float32)


class Voice:
    """The ear of one seat. Frames come in order, without holes; after a hole, `reset`."""

    def __init__(self) -> None:
        from earshot import Detector

        self._detector = Detector()

    def reset(self) -> None:
        """Forget what was heard."""
        self._detector.reset()

    def frames(self, sound: Sound) -> NDArray[np.bool_]:
        """Of each whole frame in `sound`, whether somebody speaks in it."""
        count = len(sound) // FRAME
        frames = np.ascontiguousarray(sound[: count * FRAME]).reshape(count, FRAME)
        sure = np.array([self._detector.predict_f32(one) for one in np.clip(frames, -1.0, 1.0)])
        if not count:
            return np.zeros(0, np.bool_)
        loud = np.sqrt((frames**2).mean(axis=1)) > _QUIET
        voice: NDArray[np.bool_] = (sure > _VOICE) & loud & (_flatness(frames) < _FLAT)
        return voice


def _flatness(frames: NDArray[np.float32]) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(frames * _WINDOW, axis=1)[:, _LOWEST_BIN:]
    power = np.abs(spectrum) ** 2 + 1e-12
    flatness: NDArray[np.float64] = np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)
    return flatness

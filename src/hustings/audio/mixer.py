"""The mixer: the programme, and for each speaker the programme without their own voice.

Runs in the 20 ms tick: one addition and one subtraction per speaker. A mix-minus is made by
subtracting the speaker's frame from the sum, so its cost grows with the speakers, not their square.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hustings.clock import TICK_SAMPLES

K = TypeVar("K", bound=Hashable)
Frame = NDArray[np.float32]


def mix(frames: Mapping[K, Frame]) -> tuple[Frame, dict[K, Frame]]:
    """The sum of all frames, and for each key the sum of the others.

    Frames are float32 arrays of 960 samples and are only read. The sums may exceed full scale: a
    limiter follows. The results are arrays of their own, silence where there is nothing to hear.
    """
    total = np.zeros(TICK_SAMPLES, np.float32)
    if not frames:
        return total, {}
    if len(frames) == 1:
        (key, frame), *_ = frames.items()
        # Subtraction would leave rounding noise where there must be digital silence.
        return frame.copy(), {key: total}
    for frame in frames.values():
        total += frame
    return total, {key: total - frame for key, frame in frames.items()}

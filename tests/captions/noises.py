"""What microphones hear when nobody speaks: 4 s each at 16 kHz."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.speech import at_16k, sample
from hustings.captions.engine import RATE, Sound

_COUNT: Final = 4 * RATE


def _random() -> np.random.Generator:
    return np.random.default_rng(5)


def _sound(samples: NDArray[np.float64]) -> Sound:
    return samples.astype(np.float32)


def silence() -> Sound:
    """Digital zero."""
    return np.zeros(_COUNT, np.float32)


def hiss(level: float) -> Sound:
    """White noise."""
    return _sound(_random().normal(size=_COUNT) * level)


def rain() -> Sound:
    """Pink noise."""
    spectrum = np.fft.rfft(_random().normal(size=_COUNT))
    slope = np.sqrt(np.maximum(1, np.arange(len(spectrum))))
    sound = np.fft.irfft(spectrum / slope)
    return _sound(sound / np.abs(sound).max() * 0.5)


def hum() -> Sound:
    """A mains hum of 100 Hz with all its harmonics."""
    return _sound(np.sign(np.sin(2 * np.pi * 100 / RATE * np.arange(_COUNT))) * 0.2)


def clicks() -> Sound:
    """A pen on a table."""
    sound = silence()
    sound[::3_000], sound[1::3_000] = 0.9, -0.9
    return sound


def applause() -> Sound:
    """Bursts of noise that fade."""
    sound, random = silence(), _random()
    burst = np.exp(-np.arange(800) / 150) * 0.6
    for at in range(0, _COUNT - 800, 1_500):
        sound[at : at + 800] += (random.normal(size=800) * burst).astype(np.float32)
    return sound


def bell() -> Sound:
    """The sound of a button, out of a package."""
    return at_16k(np.tile(sample("success.wav"), 4))


NOISES: Final[dict[str, Callable[[], Sound]]] = {
    "silence": silence,
    "quiet hiss": lambda: hiss(0.005),
    "hiss": lambda: hiss(0.05),
    "loud hiss": lambda: hiss(0.3),
    "rain": rain,
    "hum": hum,
    "clicks": clicks,
    "applause": applause,
    "bell": bell,
}

"""Comfort noise follows the quietest moments of the room."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.comfort import ComfortNoise


def level(noise: ComfortNoise) -> float:
    return float(10 * np.log10(np.mean(np.square(noise.make(960), dtype=np.float64)) + 1e-20))


def test_it_is_as_loud_as_the_quietest_frame() -> None:
    noise = ComfortNoise()
    for power in (1e-2, 1e-7, 1e-3, 1e-2):
        noise.observe(power)
    assert level(noise) == pytest.approx(-70, abs=1.5)


def test_it_is_never_louder_than_minus_50_dbfs() -> None:
    noise = ComfortNoise()
    for _ in range(1_000):
        noise.observe(0.1)
    assert level(noise) == pytest.approx(-50, abs=1)


def test_frames_differ_and_are_the_same_every_time() -> None:
    one, other = ComfortNoise(), ComfortNoise()
    first, second = one.make(960), one.make(960)
    assert not np.array_equal(first, second)
    assert np.array_equal(first, other.make(960))
    assert one.make(120).shape == (120,)

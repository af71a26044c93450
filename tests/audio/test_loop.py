"""Loops: no click at the seam, tones that go on in step, a level below speech, and what stays."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio import loop
from hustings.errors import BadInput
from tests import tones

RATE = tones.RATE


def sine(hz: float, seconds: float, amplitude: float = 0.3) -> tones.Sound:
    at = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * hz * at)).astype(np.float32)


def bends(sound: tones.Sound) -> float:
    """The sharpest bend of a sound that is played twice."""
    twice = np.concatenate((sound, sound)).astype(np.float64)
    return float(np.abs(np.diff(twice, n=2)).max())


def test_what_joins_well_stays_as_it_is() -> None:
    chord = sine(220, 2.0) + sine(330, 2.0, 0.1)
    assert np.array_equal(loop.looped(chord), chord)
    bell = sine(880, 2.0) * np.exp(-np.arange(96_000) / 6_000, dtype=np.float32)
    kept = loop.looped(bell)
    assert len(kept) > 72_000, "the pause is part of the sound"


def test_a_tone_that_does_not_fit_goes_on_in_step() -> None:
    tone = sine(440.3, 3.17)
    assert not loop.seamless(tone)
    made = loop.looped(tone)
    assert len(tone) - len(made) <= 0.5 * RATE + 960
    assert loop.seamless(made)
    assert bends(made) < 1.05 * np.abs(np.diff(tone, n=2)).max()
    # In step: over the seam it is one tone of one level, as within.
    seam = np.concatenate((made[-4_800:], made[:28_800]))
    levels = [tones.tone_level_dbfs(part, 440.3) for part in tones.frames(seam, 4_800)]
    assert max(levels) - min(levels) < 0.2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_power_of_noise_stays_through_the_seam(seed: int) -> None:
    dice = np.random.default_rng(seed)
    noise = np.cumsum(dice.normal(0, 0.01, 4 * RATE))
    noise -= np.convolve(noise, np.full(2_001, 1 / 2_001), mode="same")
    noise += np.where(np.arange(len(noise)) > 3.9 * RATE, 0.3, 0)
    made = loop.looped(noise.astype(np.float32))
    assert loop.seamless(made)


def test_silence_that_a_codec_added_is_left_out() -> None:
    tone = sine(250, 2.0)
    padded = np.concatenate((np.zeros(2_000, np.float32), tone, np.zeros(1_500, np.float32)))
    made = loop.looped(padded)
    assert loop.seamless(made)
    assert min(tones.level_dbfs(part) for part in tones.frames(np.tile(made, 2))) > -13


def test_it_comes_to_a_level_below_speech() -> None:
    for amplitude in (0.01, 0.9):
        made = loop.levelled(sine(997, 1.2, amplitude))
        assert abs(tones.loudness_lufs(np.tile(made, 4)) - loop.LOUDNESS_LUFS) < 0.5


def test_a_loud_peak_bounds_the_gain() -> None:
    clicks = sine(997, 2.0, 0.001)
    clicks[1_000:1_010] = 0.9
    assert np.abs(loop.levelled(clicks)).max() <= loop.PEAK + 1e-6


def test_silence_is_no_hold_sound() -> None:
    with pytest.raises(BadInput):
        loop.looped(tones.silence(2.0))
    with pytest.raises(BadInput):
        loop.levelled(np.full(96_000, 2e-5, np.float32))

"""Splices: shorter or longer, and not heard."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.splice import crossfade, lengthen, shorten
from tests.tones import Sound, silence, tone


def steady(hz: float, samples: int) -> Sound:
    wave = 0.25 * np.sin(2 * np.pi * hz / 48_000 * np.arange(samples))
    sound: Sound = wave.astype(np.float32)
    return sound


@pytest.mark.parametrize("hz", [110, 157, 440, 1_234])
def test_a_tone_stays_a_tone(hz: float) -> None:
    before = steady(hz, 4_800)
    shorter = (before[:1_920], shorten(before[1_920:3_840]), before[3_840:])
    longer = (before[:1_920], lengthen(before[1_920:2_880]), before[2_880:])
    for parts in (shorter, longer):
        whole = np.concatenate(parts)
        limit = 1.25 * np.abs(np.diff(before)).max()
        assert np.abs(np.diff(whole)).max() <= limit
        spectrum = np.abs(np.fft.rfft(whole * np.hanning(len(whole)))) ** 2
        bins = np.fft.rfftfreq(len(whole), 1 / 48_000)
        assert spectrum[np.abs(bins - hz) < 60].sum() > 0.97 * spectrum.sum()


def test_lengths_and_ends() -> None:
    sound = tone(300, 0.04)
    shorter, longer = shorten(sound), lengthen(sound[:960])
    assert 480 <= len(sound) - len(shorter) <= 960
    assert 320 <= len(longer) - 960 <= 720
    assert shorter[0] == sound[0]
    assert shorter[-1] == sound[-1]
    assert longer[0] == sound[0]
    assert longer[-1] == sound[959]


def test_silence_and_noise_are_no_trouble() -> None:
    assert not np.any(shorten(silence(0.04)))
    noise = np.random.default_rng(1).normal(0, 0.1, 1_920).astype(np.float32)
    assert np.isfinite(lengthen(noise)).all()
    assert shorten(noise).dtype == lengthen(noise).dtype == np.float32


def test_too_little_sound_is_refused() -> None:
    with pytest.raises(AssertionError):
        shorten(silence(0.01))


def test_a_crossfade_leads_from_one_to_the_other() -> None:
    faded = crossfade(np.ones(240, np.float32), np.full(240, 3, np.float32))
    assert faded[0] == 1
    assert faded[-1] == 3
    assert (np.diff(faded) > 0).all()

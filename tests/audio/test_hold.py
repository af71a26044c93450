"""The hold sound: quiet, low, without a seam."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.hold import HZ_MAX, LOOP_S, HoldSound
from tests.tones import Sound, loudness_lufs, tone_level_dbfs

TICKS = round(LOOP_S * 50)


def heard(ticks: int) -> Sound:
    sound = HoldSound()
    return np.concatenate([sound.frame() for _ in range(ticks)])


def test_it_is_about_minus_30_lufs() -> None:
    assert loudness_lufs(heard(2 * TICKS)) == pytest.approx(-30, abs=1)


def test_it_never_falls_silent_nor_shouts() -> None:
    blocks = heard(TICKS).reshape(-1, 23_040)
    levels = 10 * np.log10(np.square(blocks).mean(axis=1))
    assert levels.min() > -40
    assert levels.max() < -22


def test_it_repeats_without_a_seam() -> None:
    sound = heard(2 * TICKS)
    loop = len(sound) // 2
    assert np.array_equal(sound[:loop], sound[loop:])
    steps = np.abs(np.diff(sound))
    assert steps[loop - 1] <= steps[: loop - 2].max()


def test_nothing_lies_above_350_hz() -> None:
    loop = heard(TICKS)
    power = np.abs(np.fft.rfft(loop)) ** 2
    hz = np.fft.rfftfreq(len(loop), 1 / 48_000)
    assert power[hz > HZ_MAX].sum() < 1e-6 * power.sum()
    for measured in (400, 440, 660, 880, 1_000):
        pieces = loop.reshape(-1, 9_600)
        assert max(tone_level_dbfs(piece, measured) for piece in pieces) < -80


def test_frames_are_shared_and_cannot_be_written() -> None:
    frame = HoldSound().frame()
    assert frame.shape == (960,)
    assert frame.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        frame[0] = 1

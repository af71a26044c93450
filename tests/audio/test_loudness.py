"""Loudness against ffmpeg's own report, and against the test signals that EBU Tech 3341 defines."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hustings.audio.loudness import QUIET_LUFS, Loudness, LoudnessMeter
from tests.tones import RATE, loudness_lufs, silence, timecode, tone

Sound = NDArray[np.float32]


def _measured(sound: Sound, *, piece: int = 15_360) -> Loudness:
    meter = LoudnessMeter()
    for at in range(0, len(sound), piece):
        meter.add(sound[at : at + piece])
    return meter.finish()


def _speech(seconds: float, seed: int = 3) -> Sound:
    """Noise coloured and paced like speech: syllables, pauses, loud and quiet sentences."""
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= 1 / (1 + (hz / 500) ** 2) * (hz > 80)
    at_s = np.arange(count) / RATE
    syllables = np.clip(np.sin(2 * np.pi * 3.5 * at_s), 0, 1) * (np.sin(at_s * 0.9) > -0.4)
    sentences = 10 ** (-(6 + 6 * np.sin(at_s * 0.35)) / 20)
    pcm = np.fft.irfft(spectrum, count)
    pcm *= syllables * sentences * 0.25 / np.abs(pcm).max() * 3
    return np.asarray(pcm, dtype=np.float32)


@pytest.mark.parametrize("piece", [15_360, 960, 100_001])
def test_it_agrees_with_ffmpegs_report_however_it_is_fed(piece: int) -> None:
    for sound in (_speech(25.0), timecode(12.0), np.concatenate((_speech(9.0), silence(8.0)))):
        assert _measured(sound, piece=piece).integrated_lufs == pytest.approx(
            loudness_lufs(sound), abs=0.1
        )


@pytest.mark.parametrize(("level_dbfs", "lufs"), [(-23.0, -26.0), (-33.0, -36.0)])
def test_a_sine_of_1_khz_measures_what_the_standard_says(level_dbfs: float, lufs: float) -> None:
    """Tech 3341 case 1 and 2: in stereo -23 LUFS at -23 dBFS; one channel alone is 3 LU less."""
    found = _measured(tone(1_000, 20.0, level_dbfs))
    assert found.integrated_lufs == pytest.approx(lufs, abs=0.1)
    assert found.true_peak_dbtp == pytest.approx(level_dbfs, abs=0.4)  # told to 0.001
    assert found.range_lu <= 0.1


def test_the_gate_leaves_silence_out() -> None:
    """Tech 3341 case 3: quiet parts 13 LU below do not count."""
    parts = (tone(1_000, 10, -36), tone(1_000, 60, -23), tone(1_000, 10, -36))
    assert _measured(np.concatenate(parts)).integrated_lufs == pytest.approx(-26.0, abs=0.1)


def test_a_range_is_found() -> None:
    """Tech 3342 case 1: 20 s at -20, 20 s at -30: a range of 10."""
    found = _measured(np.concatenate((tone(1_000, 20, -20), tone(1_000, 20, -30))))
    assert found.range_lu == pytest.approx(10.0, abs=1.0)


def test_a_true_peak_lies_between_the_samples() -> None:
    """Tech 3341 case 16: a quarter of the sampling rate, 45 degrees off: no sample has the peak."""
    at = np.arange(RATE * 2)
    fade = np.clip(
        np.minimum(at, at[::-1]) / 4_800, 0, 1
    )  # a sudden beginning has a peak of its own
    sound = (0.5 * fade * np.sin(2 * np.pi * at / 4 + np.pi / 4)).astype(np.float32)
    assert np.abs(sound).max() < 0.36
    assert _measured(sound).true_peak_dbtp == pytest.approx(-6.0, abs=0.4)


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.3, 2.0])
def test_silence_and_what_is_too_short_measure_nothing(seconds: float) -> None:
    found = _measured(silence(seconds))
    assert found.integrated_lufs == QUIET_LUFS
    assert found.range_lu == 0.0
    assert found.true_peak_dbtp == -60.0

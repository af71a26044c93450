"""Everybody in the mix, nobody in their own mix-minus."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.mixer import mix
from tests.tones import Sound, tone


def voices(count: int) -> dict[str, Sound]:
    """Tones 50 Hz apart: 20 ms hold whole periods of each, so they can be told apart."""
    at = np.arange(960) / 48_000
    return {
        f"seat{i}": (0.1 * np.sin(2 * np.pi * (500 + 150 * i) * at)).astype(np.float32)
        for i in range(count)
    }


def test_the_mix_holds_all_and_each_mix_minus_all_others() -> None:
    frames = voices(13)
    kept = {name: frame.copy() for name, frame in frames.items()}
    total, minus = mix(frames)
    assert total.dtype == np.float32
    assert list(minus) == list(frames)
    np.testing.assert_allclose(total, sum(frames.values()), atol=1e-6)
    for own, heard in minus.items():
        spectrum = np.abs(np.fft.rfft(heard)) / 480
        for i, name in enumerate(frames):
            amplitude = spectrum[10 + 3 * i]
            assert amplitude == pytest.approx(0 if name == own else 0.1, abs=1e-6)
    assert all(np.array_equal(frames[name], kept[name]) for name in frames), "inputs only read"


def test_alone_a_speaker_hears_digital_silence() -> None:
    frame = tone(440, 0.02)
    total, minus = mix({"a": frame})
    assert np.array_equal(total, frame)
    assert not np.any(minus["a"])
    total[:] = 0
    assert np.any(frame), "the mix is an array of its own"


def test_nobody_is_silence() -> None:
    nobody: dict[str, Sound] = {}
    total, minus = mix(nobody)
    assert total.shape == (960,)
    assert not np.any(total)
    assert minus == {}

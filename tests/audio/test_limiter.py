"""The limiter: never above the ceiling, no clicks, nothing done where nothing is to do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hustings.audio.level import peak_dbfs
from hustings.audio.limiter import CEILING_DBFS, Limiter, limit
from tests.tones import Sound, frames, level_dbfs, silence, tone, tone_level_dbfs


def limited(pcm: Sound) -> Sound:
    limiter = Limiter()
    return np.concatenate([limiter.process(frame) for frame in frames(pcm)])


def test_quiet_sound_passes_as_the_same_object() -> None:
    frame = tone(440, 0.02, -6)
    assert Limiter().process(frame) is frame


@pytest.mark.parametrize("over_db", [0.5, 6, 20])
def test_loud_tones_end_at_the_ceiling(over_db: float) -> None:
    pcm = tone(1_000, 1, over_db)
    out = limited(pcm)
    assert peak_dbfs(out) <= CEILING_DBFS + 0.001
    assert tone_level_dbfs(out[4_800:-4_800], 1_000) == pytest.approx(CEILING_DBFS, abs=0.3)
    rest = out[4_800:-4_800] - np.float32(10 ** ((CEILING_DBFS - over_db) / 20)) * pcm[4_800:-4_800]
    assert level_dbfs(rest) < -30, "scaled, not clipped"


def test_the_input_stays_as_it_is() -> None:
    frame = tone(1_000, 0.02, 6)
    kept = frame.copy()
    Limiter().process(frame)
    assert np.array_equal(frame, kept)


def test_no_clicks_where_a_loud_sound_begins_and_ends() -> None:
    """A low tone jumps by 20 dB and back: above 4 kHz next to nothing may appear."""
    quiet, loud = tone(200, 0.5, -18), tone(200, 0.25, 6)
    out = limited(np.concatenate((quiet, loud, quiet)))
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out)))) ** 2
    hz = np.fft.rfftfreq(len(out), 1 / 48_000)
    assert spectrum[hz > 4_000].sum() < 1e-6 * spectrum.sum()


def test_it_adds_no_delay() -> None:
    pcm = silence(0.1)
    pcm[1_500:1_510] = 1.5
    out = limited(pcm)
    assert np.flatnonzero(out)[0] == 1_500
    assert np.flatnonzero(out)[-1] == 1_509


def test_it_lets_go() -> None:
    limiter = Limiter()
    limiter.process(tone(1_000, 0.02, 6))
    assert limiter.reduction_db > 5
    ticks = 0
    quiet = tone(1_000, 0.02, -20)
    while limiter.process(quiet) is not quiet:
        ticks += 1
        assert ticks < 20
    assert limiter.reduction_db == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 30))
def test_nothing_ever_exceeds_the_ceiling(seed: int, scale: float) -> None:
    dice = np.random.default_rng(seed)
    limiter = Limiter()
    for _ in range(5):
        bursts = dice.standard_normal(960) * (dice.random(960) < dice.random() ** 3) * scale
        out = limiter.process(bursts.astype(np.float32))
        assert np.abs(out).max() <= 10 ** (CEILING_DBFS / 20) * 1.00001


def test_together_they_do_what_each_does_alone() -> None:
    dice = np.random.default_rng(1)
    alone, together = [Limiter() for _ in range(5)], [Limiter() for _ in range(5)]
    for scale in (0.1, 2.0, 0.3, 0.1, 0.5, 3.0):
        # The first never needs it, so not all go the same way.
        frames = [
            (dice.standard_normal(960) * scale * (i > 0) * i / 4).astype(np.float32)
            for i in range(5)
        ]
        expected = [one.process(frame) for one, frame in zip(alone, frames, strict=True)]
        found = limit(together, frames)
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_array_equal(one, other)
        assert found[0] is frames[0]
    assert [one.reduction_db for one in alone] == [one.reduction_db for one in together]
    assert limit([], []) == []

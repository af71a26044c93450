"""Levels in dBFS, and whether somebody speaks."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.level import SILENCE_DBFS, VoiceActivity, peak_dbfs, rms_dbfs
from tests.tones import Sound, frames, silence, tone


def noise(seconds: float, dbfs: float, seed: int = 1) -> Sound:
    dice = np.random.default_rng(seed)
    sound = dice.standard_normal(int(seconds * 48_000)) * 10 ** (dbfs / 20)
    return np.asarray(sound, np.float32)


def decisions(pcm: Sound, activity: VoiceActivity) -> list[bool]:
    return [activity.update(rms_dbfs(frame)) for frame in frames(pcm)]


def test_levels_of_known_sounds() -> None:
    middle = tone(1_000, 0.1, 0)[1_920:2_880]
    assert rms_dbfs(middle) == pytest.approx(-3.01, abs=0.01)
    assert peak_dbfs(middle) == pytest.approx(0, abs=0.01)
    assert rms_dbfs(noise(0.02, -40)) == pytest.approx(-40, abs=0.5)
    assert rms_dbfs(silence(0.02)) == SILENCE_DBFS == peak_dbfs(silence(0.02))
    assert peak_dbfs(np.full(960, -0.5, np.float32)) == pytest.approx(-6.02, abs=0.01)


def test_speech_starts_within_60_ms_and_ends_400_ms_after() -> None:
    activity = VoiceActivity()
    assert not any(decisions(noise(3, -60), activity))
    started = decisions(tone(300, 1, -25), activity)
    assert started.index(True) <= 2
    assert all(started[2:])
    ended = decisions(noise(1, -60), activity)
    assert 19 <= ended.index(False) <= 20
    assert not any(ended[20:])


def test_pauses_between_words_do_not_end_speech() -> None:
    activity = VoiceActivity()
    decisions(noise(3, -60), activity)
    talk = np.concatenate(
        [np.concatenate((tone(300, 0.3, -25), noise(0.25, -60, i))) for i in range(10)]
    )
    assert all(decisions(talk, activity)[3:])


def test_a_click_is_not_speech() -> None:
    activity = VoiceActivity()
    decisions(noise(3, -60), activity)
    click = noise(0.5, -60)
    click[4_800:4_900] = 0.5
    assert not any(decisions(click, activity))


def test_steady_noise_is_learned_and_speech_above_it_found() -> None:
    activity = VoiceActivity()
    decided = decisions(noise(6, -46), activity)
    assert not any(decided[150:])
    assert activity.floor_dbfs == pytest.approx(-46, abs=1)
    assert any(decisions(tone(300, 0.3, -30), activity))


def test_a_loud_tone_is_never_taken_for_noise() -> None:
    activity = VoiceActivity()
    assert all(decisions(tone(440, 20, -20), activity)[3:])


def test_digital_silence_is_not_a_room() -> None:
    activity = VoiceActivity()
    decisions(noise(4, -62), activity)
    decisions(silence(5), activity)
    assert activity.floor_dbfs == -55
    assert not activity.speaking


def test_a_soft_voice_behind_a_noise_gate_is_heard() -> None:
    activity = VoiceActivity()
    talk = np.concatenate([np.concatenate((tone(300, 0.4, -38), silence(0.15)))] * 20)
    assert all(decisions(talk, activity)[3:])

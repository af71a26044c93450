"""A speaker's gain: to a common loudness, slowly, within bounds, and only while they speak."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from hustings.audio.gain import (
    GAIN_DB_MAX,
    GAIN_DB_MIN,
    SLEW_DB_PER_S,
    SLEW_FIRST_DB_PER_S,
    TARGET_DBFS,
    SpeakerGain,
)
from hustings.audio.level import VoiceActivity, rms_dbfs
from hustings.audio.limiter import Limiter
from tests.tones import Sound, decode_file, frames, level_dbfs, loudness_lufs, silence, tone

TEXT = (
    "Good evening and welcome. Tonight we talk about the water works, the schools, and the price "
    "of bread. The first question goes to the candidate from the north, who has two minutes. "
    "Thank you. I believe that everybody in this town knows what happened last winter. "
)


def drive(pcm: Sound, gain: SpeakerGain, activity: VoiceActivity) -> tuple[Sound, list[float]]:
    limiter, out, gains = Limiter(), [], []
    for frame in frames(pcm):
        level = rms_dbfs(frame)
        speaking = activity.update(level)
        out.append(limiter.process(gain.process(frame, level_dbfs=level, speaking=speaking)))
        gains.append(gain.gain_db)
    return np.concatenate(out), gains


@pytest.mark.parametrize("level_db", [-24, -12, -4])
def test_a_voice_reaches_the_target_quickly_at_first_and_slowly_from_then_on(
    level_db: float,
) -> None:
    gain, activity = SpeakerGain(), VoiceActivity()
    out, first = drive(tone(400, 8, level_db), gain, activity)
    assert level_dbfs(out[-48_000:]) - 3.01 == pytest.approx(TARGET_DBFS, abs=0.7)
    steps = np.abs(np.diff([0.0, *first]))
    assert steps.max() <= SLEW_FIRST_DB_PER_S * 0.02 + 1e-9
    moving = np.flatnonzero(steps)
    assert len(moving) == pytest.approx(abs(first[-1]) / (SLEW_FIRST_DB_PER_S * 0.02), abs=3)
    _, later = drive(tone(400, 8, level_db - 4), gain, activity)
    steps = np.abs(np.diff([first[-1], *later]))
    assert 0 < steps.max() <= SLEW_DB_PER_S * 0.02 + 1e-9


@pytest.mark.parametrize(("level_db", "bound"), [(-42, GAIN_DB_MAX), (6, GAIN_DB_MIN)])
def test_the_gain_is_bounded(level_db: float, bound: float) -> None:
    talk = np.concatenate([np.concatenate((tone(400, 0.5, level_db), silence(0.1)))] * 20)
    _, gains = drive(talk, SpeakerGain(), VoiceActivity())
    assert gains[-1] == pytest.approx(bound, abs=0.6)
    assert GAIN_DB_MIN <= min(gains) <= max(gains) <= GAIN_DB_MAX


def test_it_stands_still_in_silence_and_noise() -> None:
    gain, activity = SpeakerGain(), VoiceActivity()
    drive(tone(400, 8, -30), gain, activity)
    reached = gain.gain_db
    dice = np.random.default_rng(2)
    room = (dice.standard_normal(10 * 48_000) * 10 ** (-58 / 20)).astype(np.float32)
    out, gains = drive(room, gain, activity)
    hang = 25
    assert abs(gains[hang] - reached) < 1.6
    assert len(set(gains[hang:])) == 1
    assert level_dbfs(out) < -35


def test_the_gain_does_not_step() -> None:
    out, _ = drive(tone(100, 4, -30), SpeakerGain(), VoiceActivity())
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out)))) ** 2
    hz = np.fft.rfftfreq(len(out), 1 / 48_000)
    assert spectrum[hz > 2_000].sum() < 1e-7 * spectrum.sum()


def test_the_pauses_of_a_voice_do_not_raise_it() -> None:
    gain, activity = SpeakerGain(), VoiceActivity()
    drive(tone(400, 8, -20), gain, activity)
    reached = gain.gain_db
    dice = np.random.default_rng(2)
    room = (dice.standard_normal(48_000) * 10 ** (-52 / 20)).astype(np.float32)
    _, gains = drive(room, gain, activity)
    assert activity.speaking is False
    assert max(gains) <= reached


def test_unity_passes_as_the_same_object() -> None:
    frame = tone(400, 0.02, -13)
    assert SpeakerGain().process(frame, level_dbfs=-60, speaking=False) is frame


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs Debian's espeak-ng")
@pytest.mark.parametrize(("voice", "change_db"), [("en", -8), ("en+f3", 0), ("en-us+m7", 6)])
def test_voices_come_out_near_minus_16_lufs(voice: str, change_db: float) -> None:
    said = subprocess.run(
        ["espeak-ng", "-v", voice, "--stdout", TEXT * 2], capture_output=True, check=True
    ).stdout
    pcm = decode_file(said, format="wav") * np.float32(10 ** (change_db / 20))
    out, _ = drive(pcm, SpeakerGain(), VoiceActivity())
    assert loudness_lufs(out[len(out) // 2 :]) == pytest.approx(-16, abs=1.5)


def test_it_settles_at_once_where_nobody_hears_the_way() -> None:
    slow, quick = SpeakerGain(), SpeakerGain()
    quiet = tone(300, 0.02, -30.0)
    for _ in range(20):
        for gain in (slow, quick):
            gain.process(quiet, level_dbfs=-33.0, speaking=True)
    quick.settle()
    assert slow.gain_db < 5
    assert quick.gain_db == pytest.approx(TARGET_DBFS + 33, abs=0.1)
    untouched = SpeakerGain()
    untouched.settle()
    assert untouched.gain_db == 0.0

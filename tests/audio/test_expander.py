"""The gate for noise: noise goes down by 18 dB, what is said passes whole, and nothing clicks."""

from __future__ import annotations

import numpy as np
import pytest

from bench.speech import sample
from hustings.audio.expander import RANGE_DB, Expander
from hustings.audio.level import rms_dbfs
from tests.stage.room import pink, rms_db, treble_db
from tests.tones import Sound, frames, silence, tone


def through(pcm: Sound, gate: Expander | None = None) -> Sound:
    gate = gate or Expander()
    return np.concatenate([gate.process(f, level_dbfs=rms_dbfs(f)) for f in frames(pcm)])


@pytest.mark.parametrize("level_dbfs", [-65, -50, -42])
def test_a_rooms_noise_is_taken_down(level_dbfs: float) -> None:
    noise = pink(6, level_dbfs, seed=1)
    late = slice(3 * 48_000, None)
    assert rms_db(through(noise)[late]) - rms_db(noise[late]) == pytest.approx(-RANGE_DB, abs=0.1)


def test_speech_in_a_noisy_room_keeps_its_energy_from_the_first_syllable_on() -> None:
    voice = sample("two_cities.wav")
    voice = voice * np.float32(10 ** ((-24 - rms_db(voice)) / 20))
    pause = np.zeros(72_000, np.float32)
    turns = np.split(voice[: 30 * 48_000], 10)  # each begins and ends in mid-word
    said = np.concatenate([pause, pause, *(piece for turn in turns for piece in (turn, pause))])
    heard = said + pink(len(said) / 48_000, -50, seed=3)
    out = through(heard)
    count = len(out) // 960
    clean = 10 * np.log10(np.mean(said[: count * 960].reshape(-1, 960) ** 2, axis=1) + 1e-12)
    before = np.sum(heard[: count * 960].reshape(-1, 960) ** 2, axis=1)
    after = np.sum(out.reshape(-1, 960) ** 2, axis=1)
    # A syllable begins where it is 16 dB above the noise after 200 ms in which it was below it.
    begins = [
        i for i in range(100, count - 10) if clean[i] > -34 and (clean[i - 10 : i] < -44).all()
    ]
    assert len(begins) >= 10
    for i in begins:
        kept_db = 10 * np.log10(after[i : i + 10].sum() / before[i : i + 10].sum())
        assert kept_db > -0.5
    spoken = clean > -40
    assert 10 * np.log10(after[spoken].sum() / before[spoken].sum()) > -0.1
    pauses = [i for i in range(150, count) if (clean[i - 35 : i + 2] < -70).all()]
    assert 10 * np.log10(after[pauses].sum() / before[pauses].sum()) < -12


def test_a_quiet_consonant_opens_it() -> None:
    rng = np.random.default_rng(5)
    hiss = np.diff(rng.standard_normal(9_601)).astype(np.float32)  # treble, as of an "s"
    hiss *= np.float32(10 ** (-50 / 20) / np.sqrt(np.mean(hiss**2)))
    room = pink(4, -50, seed=6)
    room[3 * 48_000 : 3 * 48_000 + 9_600] += hiss
    out = through(room)
    there = slice(3 * 48_000, 3 * 48_000 + 9_600)
    assert rms_db(out[there]) - rms_db(room[there]) > -0.5


def test_an_onset_inside_a_frame_is_not_cut() -> None:
    for at in (480, 600, 900):
        gate = Expander()
        through(silence(0.5), gate)
        gate.close()  # as a seat does that was silent
        word = np.zeros(1_920, np.float32)
        word[at:] = tone(300, 1.0, -20)[2_400 : 2_400 + 1_920 - at]
        out = through(word, gate)
        assert np.array_equal(out[at - at % 120 :], word[at - at % 120 :])


def test_opening_and_closing_do_not_click() -> None:
    quiet, rng = tone(500, 1.0, -70), np.random.default_rng(4)
    pcm = np.concatenate([np.concatenate((tone(500, 1.0, -20), quiet))] * 4)
    pcm += (rng.standard_normal(len(pcm)) * 1e-5).astype(np.float32)
    before, after = treble_db(pcm), treble_db(through(pcm))
    assert (after <= before + 6).all() or after.max() < -80


def test_music_passes() -> None:
    music = sum((tone(hz, 6, -28) for hz in (220, 277, 330, 440)), silence(6)).astype(np.float32)
    late = slice(3 * 48_000, 5 * 48_000)
    assert np.array_equal(through(music)[late], music[late])


def test_a_frame_in_an_open_gate_is_the_same_object() -> None:
    gate = Expander()
    through(tone(400, 0.2), gate)
    frame = frames(tone(400, 1.0))[25]
    assert gate.process(frame, level_dbfs=rms_dbfs(frame)) is frame
    assert not gate.shut


def test_at_rest_it_learns_the_same_room() -> None:
    noise = (np.random.default_rng(3).standard_normal(200 * 960) * 10 ** (-60 / 20)).astype(
        np.float32
    )
    played, rests = Expander(), Expander()
    for frame in noise.reshape(-1, 960):
        played.process(frame, level_dbfs=rms_dbfs(frame))
        rests.rest(frame, level_dbfs=rms_dbfs(frame))
    floors = [gate._floor.dbfs for gate in (played, rests)]
    assert floors[0] == pytest.approx(floors[1], abs=0.1)
    assert rests.shut
    # A word that begins then is open at once, as it would be otherwise.
    word = (np.sin(np.arange(960) * 0.05) * 0.2).astype(np.float32)
    out = rests.process(word, level_dbfs=rms_dbfs(word))
    assert rms_dbfs(out) > rms_dbfs(word) - 0.6

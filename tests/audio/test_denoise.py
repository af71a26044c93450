"""Noise suppression: pauses fall silent, speech stays, 20 ms pass. RNNoise itself, as installed."""

from __future__ import annotations

import numpy as np
import pytest

from bench.speech import sample
from hustings.audio.denoise import DELAY_SAMPLES, Denoiser, library
from hustings.clock import TICK_SAMPLES
from hustings.stage.watch import Watch
from tests import tones
from tests.stage.room import Room, Voice, pink, rms_db, treble_db

pytestmark = pytest.mark.skipif(library() is None, reason="needs the extra `denoise`")


def clean(pcm: tones.Sound) -> tones.Sound:
    denoiser = Denoiser()
    return np.concatenate([denoiser.process(frame) for frame in tones.frames(pcm)])


def speech(seconds: int, level_dbfs: float) -> tones.Sound:
    voice = sample("two_cities.wav")[: seconds * 48_000]
    louder: tones.Sound = voice * np.float32(10 ** ((level_dbfs - rms_db(voice)) / 20))
    return louder


def test_noise_goes_and_speech_stays_and_20_ms_pass() -> None:
    voice = speech(10, -24)
    noisy = voice + pink(10, -42, seed=1)
    out = clean(noisy)
    spectrum = np.fft.rfft(out) * np.conj(np.fft.rfft(noisy[: len(out)]))
    assert int(np.argmax(np.fft.irfft(spectrum))) == pytest.approx(DELAY_SAMPLES, abs=2)
    rows = voice[: len(out) - DELAY_SAMPLES].reshape(-1, TICK_SAMPLES)
    spoken = np.mean(rows**2, axis=1) > 10**-3.6
    after = out[DELAY_SAMPLES:].reshape(-1, TICK_SAMPLES)
    assert rms_db(after[spoken]) - rms_db(rows[spoken]) == pytest.approx(0, abs=1)
    only = clean(pink(4, -42, seed=2))[96_000:]
    assert rms_db(only) < -42 - 20


def test_it_is_switched_on_and_off_without_a_click() -> None:
    ann = Voice(name="ann", pcm=tones.tone(500, 6) + pink(6, -45, seed=5))
    room = Room(ann, Voice(name="bob", pcm=tones.silence(6)))
    room.run(1)
    before = treble_db(room.run(0.6)).max()
    for on in (True, False, True, False):
        ann.seat.denoise(on)
        assert treble_db(room.run(0.6)).max() < before + 3


def test_a_seat_without_noise_is_not_taken_for_a_dead_microphone() -> None:
    ann = Voice(name="ann", pcm=pink(8, -50, seed=5))
    room, watch, told = Room(ann), Watch(), []
    ann.seat.denoise(True)
    for _ in range(390):
        room.run(0.02)
        told += watch.update([ann.seat], live=False, mix_dbfs=0)
    assert told == []
    assert ann.seat.level_dbfs == pytest.approx(-50, abs=3)
    assert rms_db(room.mix[4 * 48_000 :]) < -75


def test_a_voice_in_a_noisy_room_comes_out_at_the_common_level() -> None:
    pcm = speech(14, -32) + pink(14, -44, seed=7)
    ann, plain = Voice(name="ann", pcm=pcm), Voice(name="ann", pcm=pcm)
    ann.seat.denoise(True)
    late = slice(6 * 48_000, None)
    levels = []
    for voice in (ann, plain):
        room = Room(voice)
        room.run(13.5)
        levels.append(tones.loudness_lufs(room.mix[late]))
    assert levels[0] == pytest.approx(levels[1], abs=2)

"""The programme's loudness, decoded from chunks: unequal voices, and one who shouts."""

from __future__ import annotations

import numpy as np
import pytest

from bench.speech import sample
from hustings.audio.opus import OpusDecoder
from hustings.chunk import OPUS_LOOKAHEAD_SAMPLES, PROGRAMME_DELAY_SAMPLES
from hustings.formats import adts
from hustings.stage.encoder import ProgrammeEncoder
from tests import tones
from tests.stage.room import Room, Voice, rms_db
from tests.stage.test_encoder import finished

SETTLED_S = 6.0  # a turn of one's own: 9 dB a second until three seconds of speech were heard


def at(sound: tones.Sound, level_dbfs: float) -> tones.Sound:
    """The sound at an RMS level, clipped as its microphone would."""
    louder = sound * np.float32(10 ** ((level_dbfs - rms_db(sound)) / 20))
    clipped: tones.Sound = np.clip(louder, -1, 1).astype(np.float32)
    return clipped


def turns(sound: tones.Sound, *, first: int, seconds: int, count: int) -> tones.Sound:
    """Every other turn of a conversation, cut from somebody's speech."""
    size, out, taken = seconds * 48_000, [], 0
    for i in range(count):
        mine = i % 2 == first
        out.append(sound[taken : taken + size] if mine else tones.silence(seconds))
        taken += size if mine else 0
    return np.concatenate(out)


def decoded(mix: tones.Sound) -> dict[str, tones.Sound]:
    """The mix as an audience gets it, by both codecs."""
    encoder = ProgrammeEncoder(opus_bps=32_000, aac_bps=64_000, opus_complexity=5)
    try:
        chunks = []
        for frame in tones.frames(mix[: len(mix) // 15_360 * 15_360]):
            encoder.feed(frame)
            if encoder.ticks == 0:
                chunks += finished(encoder, 1)
    finally:
        encoder.close()
    decoder = OpusDecoder()
    opus = np.concatenate([decoder.decode(p) for chunk in chunks for p in chunk.opus])
    aac = tones.decode_file(b"".join(adts.stream(chunk.aac) for chunk in chunks), format="aac")
    return {"opus": opus[OPUS_LOOKAHEAD_SAMPLES:], "aac": aac[PROGRAMME_DELAY_SAMPLES:]}


def test_two_voices_of_26_db_difference_make_a_programme_at_minus_16_lufs() -> None:
    quiet = turns(at(sample("two_cities.wav"), -38), first=0, seconds=6, count=8)
    loud = turns(at(sample("endgame_nagg_nell.wav"), -12), first=1, seconds=6, count=8)
    room = Room(Voice(name="ann", pcm=quiet), Voice(name="bob", pcm=loud))
    room.run(47.5)
    for sound in decoded(room.mix).values():
        settled = sound[int(2 * SETTLED_S * 48_000) :]  # each has had a turn
        assert tones.loudness_lufs(settled) == pytest.approx(-16, abs=1)
        each = [tones.loudness_lufs(sound[i * 288_000 :][:288_000]) for i in range(2, 7)]
        assert max(each) - min(each) < 4  # 26 dB at their microphones
        assert np.abs(sound).max() < 1.0


def test_who_shouts_does_not_press_the_others_down() -> None:
    probe = tones.tone(3_000, 16, -20)
    shout = at(sample("two_cities.wav")[: 8 * 48_000], -6)
    cries = np.concatenate((tones.silence(8), shout))
    room = Room(Voice(name="ann", pcm=probe), Voice(name="bob", pcm=cries))
    room.run(15.9)
    alone = Room(Voice(name="ann", pcm=probe), Voice(name="bob", pcm=tones.silence(16)))
    alone.run(15.9)
    for i in range(9 * 48_000, 15 * 48_000, 24_000):
        heard = tones.tone_level_dbfs(room.mix[i : i + 24_000], 3_000)
        assert heard > tones.tone_level_dbfs(alone.mix[i : i + 24_000], 3_000) - 1.5


def test_pauses_do_not_pump() -> None:
    """The room between the sentences of a voice stays where it is, and below the voice."""
    voice = at(sample("two_cities.wav"), -30)
    pcm = np.concatenate(
        [
            np.concatenate((voice[i * 96_000 : (i + 1) * 96_000], tones.silence(1.5)))
            for i in range(8)
        ]
    )
    rng = np.random.default_rng(3)
    pcm = (pcm + rng.standard_normal(len(pcm)) * 10 ** (-55 / 20)).astype(np.float32)
    room = Room(Voice(name="ann", pcm=pcm), Voice(name="bob", pcm=tones.silence(28)))
    room.run(27.5)
    ends = [int((3.5 * i + 2.9) * 48_000) for i in range(2, 7)]  # 0.9 s into each pause
    levels = [rms_db(room.mix[end : end + 4_800]) for end in ends]
    assert max(levels) < -45
    assert all(np.diff(levels) < 3)

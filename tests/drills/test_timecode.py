"""The time code survives both codecs and is read to within 10 ms."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.aac import AacEncoder
from hustings.audio.opus import OpusDecoder, OpusEncoder
from hustings.chunk import OPUS_LOOKAHEAD_SAMPLES, PROGRAMME_DELAY_SAMPLES
from hustings.drills import timecode
from tests import tones
from tests.audio.test_aac import decode
from tests.tones import Sound

WITHIN = 480  # 10 ms
SLOT = 4_800


def through_opus(pcm: Sound) -> Sound:
    encoder, decoder = OpusEncoder(bitrate_bps=32_000, complexity=5), OpusDecoder()
    out = [decoder.decode(encoder.encode(frame)) for frame in tones.frames(pcm)]
    return np.concatenate(out)[OPUS_LOOKAHEAD_SAMPLES:]


def through_aac(pcm: Sound) -> Sound:
    encoder = AacEncoder(bitrate_bps=64_000)
    return decode([encoder.encode(f) for f in tones.frames(pcm, 1_024)])[PROGRAMME_DELAY_SAMPLES:]


@pytest.mark.parametrize("codec", ["none", "opus", "aac"])
def test_every_slot_is_read_in_its_place(codec: str) -> None:
    pcm = timecode.samples(start=33 * SLOT, count=10 * 48_000)
    through = {"none": lambda x: x, "opus": through_opus, "aac": through_aac}[codec]
    readings = timecode.read(through(pcm))
    whole = [reading for reading in readings if reading.whole]
    assert len(whole) >= 97
    for reading in readings[:-1]:
        index = round(reading.sample / SLOT)
        assert reading.slot == (33 + index) % timecode.SLOTS
        assert abs(reading.sample - index * SLOT) <= WITHIN


def test_a_slot_entered_in_the_middle_is_placed_by_its_end() -> None:
    pcm = timecode.samples(start=5 * SLOT + 2_000, count=3 * SLOT)
    first, second, *_ = timecode.read(pcm)
    assert (first.slot, first.whole) == (5, False)
    assert abs(first.sample - -2_000) <= WITHIN
    assert (second.slot, second.whole) == (6, True)
    assert abs(second.sample - (SLOT - 2_000)) <= WITHIN


def test_a_gap_is_seen() -> None:
    pcm = timecode.samples(start=0, count=20 * SLOT)
    pcm[6 * SLOT : 9 * SLOT] = 0
    readings = timecode.read(through_opus(pcm))
    assert [r.slot for r in readings] == [*range(6), *range(9, 20)]
    assert not readings[6].whole


def test_silence_noise_and_little_sound_say_nothing() -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 96_000).astype(np.float32)
    assert timecode.read(noise) == []
    assert timecode.read(tones.silence(1)) == []
    assert timecode.read(tones.silence(0.01)) == []


def test_it_is_read_beneath_a_hum() -> None:
    pcm = timecode.samples(start=0, count=4 * 48_000) + tones.tone(110, 4, -20)
    assert [r.slot for r in timecode.read(pcm)] == list(range(40))


def test_both_implementations_agree_on_the_definition() -> None:
    ours = timecode.samples(start=70 * SLOT, count=10 * 48_000)
    theirs = tones.timecode(10, start_slot=70)
    assert [slot for _, slot in tones.read_timecode(ours)] == [
        r.slot for r in timecode.read(theirs)
    ]
    pairs = zip(
        timecode.read(through_opus(theirs))[:95],
        tones.read_timecode(through_aac(ours))[:95],
        strict=True,
    )
    for heard, (sample, slot) in pairs:
        assert heard.slot == slot
        assert abs(heard.sample - sample) <= WITHIN


def test_any_start_gives_the_same_endless_code() -> None:
    whole = timecode.samples(start=0, count=400_000)
    assert np.array_equal(timecode.samples(start=384_000, count=100), whole[:100])
    assert np.array_equal(timecode.samples(start=383_990, count=20), whole[383_990:384_010])


@pytest.mark.parametrize(
    ("slot", "expected", "full"),
    [(3, 3, 3), (3, 80, 83), (79, 80, 79), (0, 17_279, 17_280), (42, 81, 42), (40, 81, 120)],
)
def test_full_numbers(slot: int, expected: int, full: int) -> None:
    assert timecode.nearest(slot, expected=expected) == full
    assert timecode.slot_at_ms(full * 100 + 99) == full

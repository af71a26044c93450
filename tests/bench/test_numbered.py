"""Numbered frames: what is read is what was said, and what is missing is seen to be missing."""

from __future__ import annotations

import numpy as np
import pytest

from bench.stage import numbered, voices

LOST = (100, 101, 200, 300, 301, 302, 303, 304, 305, 306, 307, 308)


def test_the_sound_itself_is_whole() -> None:
    reading = numbered.read(numbered.sound(6))
    assert reading.frames == 6 * 50 - 2
    assert reading.lost == 0
    assert reading.gap_ms == 0


@pytest.mark.parametrize("shift", [0, 200, 640])
def test_two_encoders_in_a_row_lose_nothing_of_it(shift: int) -> None:
    once = voices.decoded(voices.encoded(numbered.sound(8)))
    twice = voices.decoded(voices.encoded(once[shift:]))
    reading = numbered.read(twice)
    assert reading.lost < 0.002
    assert reading.gap_ms < 10


def test_each_frame_that_is_lost_counts_and_a_guess_is_none() -> None:
    packets: list[bytes | None] = list(voices.encoded(numbered.sound(10)))
    for number in LOST:
        packets[number] = None
    reading = numbered.read(voices.decoded(packets))
    assert reading.lost * reading.frames == pytest.approx(len(LOST), abs=1)
    # Nine in a row: more than the row of tones is long.
    assert reading.gap_ms == pytest.approx(180, abs=15)


def test_silence_is_lost_and_not_skipped() -> None:
    sound = numbered.sound(6)
    sound[96_000 : 96_000 + 5 * 960] = 0
    reading = numbered.read(sound)
    assert reading.lost * reading.frames == pytest.approx(5, abs=0.7)


def test_nothing_heard_is_everything_lost() -> None:
    assert numbered.read(np.zeros(48_000, np.float32)).lost == 1

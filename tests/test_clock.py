"""The programme's clock."""

from __future__ import annotations

import pytest

from hustings import clock, limits


@pytest.mark.parametrize(
    ("elapsed_ms", "expected"),
    [
        (-5_000, 101),  # a clock that went backwards never takes a number twice
        (0, 101),
        (319, 101),
        (320, 102),
        (1_000, 104),
        (3_600_000, 101 + limits.CHUNKS_SKIP_MAX),  # a jump of an hour tears no hole of an hour
    ],
)
def test_resume_number(elapsed_ms: int, expected: int) -> None:
    assert clock.resume_number(last_n=100, elapsed_ns=elapsed_ms * 1_000_000) == expected


def test_ten_minutes_are_the_bound() -> None:
    assert limits.CHUNKS_SKIP_MAX * clock.CHUNK_MS == 600_000


def test_conversions_agree() -> None:
    assert clock.chunk_at_ms(clock.ms_of(9)) == 9
    assert clock.chunk_at_ms(clock.ms_of(9) - 1) == 8
    assert clock.sample_of(3) * 1000 == clock.ms_of(3) * clock.SAMPLE_RATE
    assert clock.chunks_elapsed(0, 2 * clock.CHUNK_NS + 1) == 2
    assert clock.chunks_elapsed(5, 0) == 0

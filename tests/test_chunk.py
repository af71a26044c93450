"""The chunk's wire form and arithmetic."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings import chunk, clock
from hustings.errors import BadInput


def test_wire_form() -> None:
    made = chunk.silent(77, epoch=3, programme=chunk.Programme.LIVE)
    assert chunk.unpack(chunk.pack(made)) == made


def test_both_codecs_fill_a_chunk() -> None:
    assert chunk.OPUS_FRAMES * chunk.OPUS_FRAME_SAMPLES == clock.CHUNK_SAMPLES
    assert chunk.AAC_FRAMES * chunk.AAC_FRAME_SAMPLES == clock.CHUNK_SAMPLES
    assert clock.CHUNK_SAMPLES * 1000 == clock.CHUNK_MS * clock.SAMPLE_RATE
    assert clock.TICKS_PER_CHUNK * clock.TICK_SAMPLES == clock.CHUNK_SAMPLES


def test_codecs_decode_in_step() -> None:
    # Opus sound lags its packet by 312 samples, AAC's programme by 2,048: both land on one instant.
    ahead = chunk.decode_time_opus(5) - chunk.decode_time_aac(5)
    assert ahead + chunk.OPUS_LOOKAHEAD_SAMPLES == chunk.PROGRAMME_DELAY_SAMPLES


@given(st.binary(max_size=300))
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        chunk.unpack(data)


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"opus": ()}, {"aac": (b"",)}, {"n": -1}, {"boot_id": b"x"}]
)
def test_wrong_chunks_are_refused(change: dict[str, object]) -> None:
    wrong = msgspec.structs.replace(chunk.silent(1, epoch=1), **change)
    with pytest.raises(BadInput, match="chunk"):
        chunk.unpack(chunk.pack(wrong))

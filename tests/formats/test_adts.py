"""The plain stream is ADTS that ffmpeg reads from any frame on."""

from __future__ import annotations

import pytest

from hustings.chunk import AAC_FRAMES
from hustings.clock import CHUNK_SAMPLES
from hustings.errors import BadInput
from hustings.formats import adts
from tests import programme, tones


def test_header_of_a_known_frame() -> None:
    assert adts.header(100).hex() == "fff14c400d7ffc"


def test_decodes_to_the_programme() -> None:
    data = b"".join(adts.stream(programme.chunk(n).aac) for n in range(5, 12))
    pcm = tones.decode_file(data, format="aac")
    assert len(pcm) == 7 * CHUNK_SAMPLES
    assert abs(programme.place(pcm[4_800:]) - (5 * CHUNK_SAMPLES + 4_800)) <= 96


def test_silence_has_the_length_of_a_chunk() -> None:
    pcm = tones.decode_file(adts.silence(), format="aac")
    assert len(pcm) == CHUNK_SAMPLES == AAC_FRAMES * 1024
    assert tones.level_dbfs(pcm) < -90


def test_a_frame_that_does_not_fit_is_refused() -> None:
    assert len(adts.header(8_191 - 7)) == 7
    with pytest.raises(BadInput):
        adts.header(8_192 - 7)

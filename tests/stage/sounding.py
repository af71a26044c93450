"""From chunks back to sound, on the clock of the programme: each codec by a decoder of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from hustings.audio.opus import OpusDecoder
from hustings.chunk import OPUS_LOOKAHEAD_SAMPLES, PROGRAMME_DELAY_SAMPLES, Chunk
from hustings.clock import CHUNK_SAMPLES
from hustings.formats import adts
from tests import tones


def opus_sound(chunks: Sequence[Chunk]) -> tones.Sound:
    """The input of consecutive chunks, as Opus has kept it: sample 0 is the first chunk's first."""
    decoder = OpusDecoder()
    pcm = np.concatenate([decoder.decode(frame) for chunk in chunks for frame in chunk.opus])
    return pcm[OPUS_LOOKAHEAD_SAMPLES:]


def aac_sound(chunks: Iterable[Chunk]) -> tones.Sound:
    """The input of consecutive chunks, as AAC has kept it, decoded by ffmpeg."""
    data = b"".join(adts.stream(chunk.aac) for chunk in chunks)
    return tones.decode_file(data, format="aac")[PROGRAMME_DELAY_SAMPLES:]


def of_chunk(sound: tones.Sound, index: int) -> tones.Sound:
    """The part of the sound that is the input of the chunk at `index`."""
    return sound[index * CHUNK_SAMPLES : (index + 1) * CHUNK_SAMPLES]

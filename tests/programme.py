"""A programme as a stage makes it: a rising scale, encoded into chunks in both codecs.

Every tenth of a second has a tone of its own, so no two places sound alike. `place` finds where
decoded sound stands in the programme, to the sample.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from hustings.audio.aac import AacEncoder
from hustings.audio.opus import OpusEncoder
from hustings.chunk import PROGRAMME_DELAY_SAMPLES, Chunk, Programme
from hustings.clock import CHUNK_MS, CHUNK_SAMPLES
from tests import tones
from tests.tones import Sound

BOOT_ID = bytes(range(16))


@cache
def sound(count: int) -> Sound:
    """The input of chunks 0 to `count`."""
    slots = -(-count * CHUNK_MS // 100)
    whole = np.concatenate([tones.tone(400 + 37.5 * slot, 0.1) for slot in range(slots)])
    return whole[: count * CHUNK_SAMPLES]


@cache
def _encoded(count: int) -> tuple[tuple[tuple[bytes, ...], tuple[bytes, ...]], ...]:
    opus = OpusEncoder(bitrate_bps=32_000, complexity=5, application="audio", fec=False)
    aac = AacEncoder(bitrate_bps=64_000)
    out = []
    for n in range(count):
        pcm = sound(count)[n * CHUNK_SAMPLES : (n + 1) * CHUNK_SAMPLES]
        out.append(
            (
                tuple(opus.encode(frame) for frame in tones.frames(pcm, 960)),
                tuple(aac.encode(frame) for frame in tones.frames(pcm, 1024)),
            )
        )
    return tuple(out)


_LONGEST = 64


def chunk(n: int, *, epoch: int = 1, live: bool = True) -> Chunk:
    """Chunk `n` (below 64) of the programme."""
    opus, aac = _encoded(_LONGEST)[n]
    return Chunk(
        epoch=epoch,
        n=n,
        boot_id=BOOT_ID,
        boottime_ns=n * CHUNK_MS * 1_000_000,
        programme=Programme.LIVE if live else Programme.HOLD,
        opus=opus,
        aac=aac,
    )


def place(pcm: Sound) -> float:
    """Programme sample at which the decoded sound begins, by correlation with the input."""
    original = sound(_LONGEST)
    size = 1 << (len(original) + len(pcm)).bit_length()
    spectrum = np.fft.rfft(original, size) * np.conj(np.fft.rfft(pcm, size))
    correlation = np.fft.irfft(spectrum, size)
    at = int(np.argmax(correlation))
    return (at if at < len(original) else at - size) + PROGRAMME_DELAY_SAMPLES

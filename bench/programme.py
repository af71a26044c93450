"""The sound that every server under test carries: some seconds of Opus and AAC, in a loop.

Noise in the rhythm and the bands of speech, encoded by the stage's own encoders at the default
rates. What it says does not matter; that the packets have the sizes of speech does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.audio.aac import AacEncoder
from hustings.audio.opus import OpusEncoder
from hustings.chunk import AAC_FRAME_SAMPLES, OPUS_FRAME_SAMPLES, Chunk, Programme
from hustings.clock import CHUNK_MS, CHUNK_SAMPLES, SAMPLE_RATE
from hustings.config import Settings

CHUNKS: Final = 60
_SYLLABLE_HZ: Final = 4.0
_BOOT_ID: Final = bytes(16)


@dataclass(frozen=True, slots=True)
class Piece:
    """320 ms in both codecs."""

    opus: tuple[bytes, ...]
    aac: tuple[bytes, ...]


@cache
def pieces() -> tuple[Piece, ...]:
    """The loop."""
    settings = Settings()
    opus = OpusEncoder(
        bitrate_bps=settings.opus_bps,
        complexity=settings.opus_complexity,
        application="audio",
        fec=False,
    )
    aac = AacEncoder(bitrate_bps=settings.aac_bps)
    sound = _sound()
    out = []
    for at in range(0, CHUNKS * CHUNK_SAMPLES, CHUNK_SAMPLES):
        pcm = sound[at : at + CHUNK_SAMPLES]
        out.append(
            Piece(
                tuple(opus.encode(frame) for frame in pcm.reshape(-1, OPUS_FRAME_SAMPLES)),
                tuple(aac.encode(frame) for frame in pcm.reshape(-1, AAC_FRAME_SAMPLES)),
            )
        )
    return tuple(out)


def packets() -> tuple[bytes, ...]:
    """The loop's Opus packets, 20 ms each."""
    return tuple(packet for piece in pieces() for packet in piece.opus)


def chunk(n: int, *, epoch: int) -> Chunk:
    """Chunk `n` of the endless loop."""
    piece = pieces()[n % CHUNKS]
    return Chunk(
        epoch=epoch,
        n=n,
        boot_id=_BOOT_ID,
        boottime_ns=n * CHUNK_MS * 1_000_000,
        programme=Programme.LIVE,
        opus=piece.opus,
        aac=piece.aac,
    )


def _sound() -> NDArray[np.float32]:
    count = CHUNKS * CHUNK_SAMPLES
    dice = np.random.default_rng(1)
    spectrum = np.fft.rfft(dice.standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    # Speech falls by 6 dB an octave above 500 Hz and has little below 100.
    shaped = np.fft.irfft(spectrum * np.where(hz < 100, 0.0, 1 / np.maximum(1.0, hz / 500)), count)
    beat = np.abs(np.sin(np.pi * _SYLLABLE_HZ * np.arange(count) / SAMPLE_RATE))
    loud = shaped * beat
    sound: NDArray[np.float32] = (loud / np.abs(loud).max() * 0.5).astype(np.float32)
    return sound

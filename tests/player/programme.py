"""A programme whose pitch tells its second: what a test hears, it can place in time.

Second s of the programme is a tone of 400 + 50 * (s mod 20) Hz. It is encoded once, with the
libopus and AAC encoders inside PyAV, as 20 ms and 1024-sample frames.
"""

from __future__ import annotations

import subprocess
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import av
import numpy as np

from hustings.chunk import AAC_FRAME_SAMPLES, AAC_FRAMES, OPUS_FRAME_SAMPLES, OPUS_FRAMES
from hustings.clock import CHUNK_SAMPLES, SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNKS: Final = 200
TONE = "0.25*sin(2*PI*(400+50*mod(floor(t),20))*t)"


def tone_hz(second: float) -> int:
    """The pitch of the programme at `second`."""
    return 400 + 50 * (int(second) % 20)


@cache
def opus() -> tuple[tuple[bytes, ...], ...]:
    """The programme's chunks of 16 Opus frames."""
    return _chunks("libopus", 32_000, OPUS_FRAME_SAMPLES, OPUS_FRAMES)


@cache
def aac() -> tuple[tuple[bytes, ...], ...]:
    """The programme's chunks of 15 AAC frames."""
    return _chunks("aac", 64_000, AAC_FRAME_SAMPLES, AAC_FRAMES)


def recording(path: Path, *, seconds: int) -> None:
    """Writes the first `seconds` of the programme as a replay: AAC in MP4."""
    sound = f"aevalsrc='{TONE}':s=48000:d={seconds}"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", sound,
         "-c:a", "aac", "-b:a", "64k", "-movflags", "+faststart", str(path)],
        check=True,
    )  # fmt: skip


def _chunks(codec: str, bps: int, samples: int, frames: int) -> tuple[tuple[bytes, ...], ...]:
    encoder = cast("av.AudioCodecContext", av.CodecContext.create(codec, "w"))
    encoder.sample_rate = SAMPLE_RATE
    encoder.layout = "mono"
    encoder.format = "fltp" if codec == "aac" else "flt"
    encoder.bit_rate = bps
    encoder.time_base = Fraction(1, SAMPLE_RATE)
    sound = _sound(CHUNKS * CHUNK_SAMPLES)
    packets: list[bytes] = []
    for start in range(0, len(sound), samples):
        frame = av.AudioFrame.from_ndarray(
            sound[None, start : start + samples], format=encoder.format.name, layout="mono"
        )
        frame.sample_rate = SAMPLE_RATE
        frame.pts = start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    whole = len(packets) // frames
    return tuple(tuple(packets[k * frames : (k + 1) * frames]) for k in range(whole))


def _sound(samples: int) -> NDArray[np.float32]:
    t = np.arange(samples) / SAMPLE_RATE
    pitch = 400 + 50 * (np.floor(t) % 20)
    return (0.25 * np.sin(2 * np.pi * pitch * t)).astype(np.float32)

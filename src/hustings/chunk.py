"""The chunk: 320 ms of the mix in both codecs, the atom that live, log and replay share.

320 ms is the shortest span on which 20 ms Opus frames (16) and 1024-sample AAC frames (15) line up.
Chunk `n` covers the programme from n x 320 ms to (n + 1) x 320 ms since the doors opened: its
number is the clock. A missing number is silence of known length.

Codec delay is accounted for once, here. The AAC encoder is primed with one silent frame and holds
one back, so its decoded sound is 2,048 samples behind the input; Opus is 312 behind. Programme time
is input time + 2,048 samples for both: AAC packets of chunk n decode at n x 15360, Opus packets at
n x 15360 + 1736.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import msgspec

from hustings.clock import CHUNK_SAMPLES
from hustings.errors import BadInput

OPUS_FRAMES: Final = 16
OPUS_FRAME_SAMPLES: Final = 960
AAC_FRAMES: Final = 15
AAC_FRAME_SAMPLES: Final = 1_024
SEGMENT_CHUNKS: Final = 6

PROGRAMME_DELAY_SAMPLES: Final = 2_048
OPUS_LOOKAHEAD_SAMPLES: Final = 312
OPUS_OFFSET_SAMPLES: Final = PROGRAMME_DELAY_SAMPLES - OPUS_LOOKAHEAD_SAMPLES

# One mono frame of silence in each codec: what fills a missing number.
SILENT_OPUS_FRAME: Final = b"\xf8\xff\xfe"
SILENT_AAC_FRAME: Final = b"\x01\x18\x20\x07"

WIRE_VERSION: Final = 1


class Programme(IntEnum):
    """What the audience hears in a chunk. Only `LIVE` chunks are part of the recording."""

    HOLD = 0
    LIVE = 1


class Chunk(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """320 ms of the mix.

    `epoch` is the lease's sequence in the log: it grows with every takeover, and of two chunks with
    one number the greater epoch counts. `boot_id` (16 bytes) and `boottime_ns` say when on the
    machine's boot clock the chunk was made. `opus` and `aac` hold 16 and 15 frames.
    """

    version: int = WIRE_VERSION
    epoch: int
    n: int
    boot_id: bytes
    boottime_ns: int
    programme: Programme
    opus: tuple[bytes, ...]
    aac: tuple[bytes, ...]


def decode_time_aac(n: int) -> int:
    """Decode time in samples of the first AAC frame of chunk `n`."""
    return n * CHUNK_SAMPLES


def decode_time_opus(n: int) -> int:
    """Decode time in samples of the first Opus frame of chunk `n`."""
    return n * CHUNK_SAMPLES + OPUS_OFFSET_SAMPLES


def segment_of(n: int) -> int:
    """Number of the segment that chunk `n` belongs to."""
    return n // SEGMENT_CHUNKS


def pack(chunk: Chunk) -> bytes:
    """The chunk as it travels on the live path and rests in the log (MessagePack array)."""
    return _encoder.encode(chunk)


def unpack(data: bytes) -> Chunk:
    """The chunk in `data`; `BadInput` when it is not one."""
    try:
        chunk = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise BadInput("chunk", expected="a MessagePack chunk", got=str(error)) from error
    if chunk.version != WIRE_VERSION:
        raise BadInput("chunk", expected=f"version {WIRE_VERSION}", got=str(chunk.version))
    if len(chunk.opus) != OPUS_FRAMES or len(chunk.aac) != AAC_FRAMES:
        raise BadInput(
            "chunk",
            expected=f"{OPUS_FRAMES} Opus and {AAC_FRAMES} AAC frames",
            got=f"{len(chunk.opus)} and {len(chunk.aac)}",
        )
    if chunk.n < 0 or chunk.epoch < 0 or len(chunk.boot_id) != 16:
        raise BadInput("chunk", expected="n and epoch from 0 and a 16-byte boot id")
    return chunk


def silent(n: int, *, epoch: int, programme: Programme = Programme.HOLD) -> Chunk:
    """A chunk of silence, to stand where number `n` is missing. It is never logged."""
    return Chunk(
        epoch=epoch,
        n=n,
        boot_id=bytes(16),
        boottime_ns=0,
        programme=programme,
        opus=(SILENT_OPUS_FRAME,) * OPUS_FRAMES,
        aac=(SILENT_AAC_FRAME,) * AAC_FRAMES,
    )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Chunk)

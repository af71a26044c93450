"""ADTS: AAC frames with a header each (ISO/IEC 13818-7, 6.2), as plain players and radios read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hustings import chunk
from hustings.errors import BadInput

MIME: Final = "audio/aac"
HEADER_BYTES: Final = 7
FRAME_BYTES_MAX: Final = (1 << 13) - 1  # the length field has 13 bits, the header included

_PROFILE_LC: Final = 1
_RATE_48000: Final = 3
_CHANNELS: Final = 1
_FULLNESS_VBR: Final = 0x7FF


def header(frame_bytes: int) -> bytes:
    """The header of a mono 48 kHz AAC-LC frame of `frame_bytes` bytes, without CRC."""
    length = frame_bytes + HEADER_BYTES
    if length > FRAME_BYTES_MAX:
        raise BadInput("AAC frame", expected=f"less than {FRAME_BYTES_MAX} bytes", got=str(length))
    fields = (
        0xFFF1 << 40  # sync word, MPEG-4, no CRC
        | _PROFILE_LC << 38
        | _RATE_48000 << 34
        | _CHANNELS << 30
        | length << 13
        | _FULLNESS_VBR << 2
    )
    return fields.to_bytes(HEADER_BYTES, "big")


def stream(frames: Sequence[bytes]) -> bytes:
    """The frames of one chunk, each behind its header."""
    return b"".join(part for frame in frames for part in (header(len(frame)), frame))


def silence() -> bytes:
    """One chunk of silence."""
    return _SILENCE


_SILENCE: Final = stream((chunk.SILENT_AAC_FRAME,) * chunk.AAC_FRAMES)

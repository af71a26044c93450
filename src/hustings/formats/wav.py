"""WAV files of one kind: 16 bits, mono, 48 kHz, with a head of 44 bytes (RIFF, format 1). Pure.

It is what a hold sound is kept as: every browser plays it, and a stage reads its samples without
decoding anything.
"""

from __future__ import annotations

import struct
from typing import Final

from hustings.clock import SAMPLE_RATE
from hustings.errors import BadInput

MIME: Final = "audio/wav"
_HEAD: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")


def head(samples: int) -> bytes:
    """The head of a file of so many samples, which follow it: little-endian, 2 bytes each."""
    data = 2 * samples
    return _HEAD.pack(
        *(b"RIFF", _HEAD.size - 8 + data, b"WAVE", b"fmt ", 16, 1, 1),
        *(SAMPLE_RATE, 2 * SAMPLE_RATE, 2, 16, b"data", data),
    )


def samples(file: bytes | bytearray) -> memoryview:
    """The samples of a file that `head` begins, as they lie in it; `BadInput` when it is none."""
    found = memoryview(file)[_HEAD.size :]
    if bytes(file[: _HEAD.size]) != head(len(found) // 2) or not found:
        raise BadInput("hold sound", expected="a WAV file of 16 bits, mono, 48 kHz")
    return found

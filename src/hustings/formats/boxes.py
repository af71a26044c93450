"""Boxes of the ISO base media file format (ISO/IEC 14496-12): how bytes are wrapped, and walked."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from hustings.errors import BadInput


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box: 32-bit size, four-character kind, content (section 4.2.2)."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box that begins with an 8-bit version and 24 bits of flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def walk(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box in `data`, in order; `BadInput` if a box does not fit."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at) if at + 8 <= len(data) else (0, b"")
        if size < 8 or at + size > len(data):
            raise BadInput("MP4", expected="boxes that fit", got=f"{size} bytes at {at}")
        yield kind, data[at + 8 : at + size]
        at += size

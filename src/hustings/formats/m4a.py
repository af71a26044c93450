"""What players show of an .m4a file, and the file's index put in front. Pure.

    written     ftyp  free  mdat  moov
    finished    ftyp  moov  free  mdat    with title, picture, loudness … in moov/udta/meta/ilst

The names are Apple's, which every player reads; what has none of its own stands under
`----:com.apple.iTunes:<name>`. A file whose index stands in front plays while it is loaded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from hustings.errors import BadInput
from hustings.formats.boxes import box, full_box

_TEXT: Final = 1
_JPEG: Final = 13
_MEAN: Final = b"com.apple.iTunes"
# Boxes that hold boxes, on the way to the tables of offsets.
_CONTAINERS: Final = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box within data: its `kind`, and where it and what is in it stand."""

    kind: bytes
    start: int
    inside: int
    end: int


def boxes(data: bytes | bytearray, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes of a stretch of data, in order; `BadInput` when they do not fill it."""
    end = len(data) if end is None else end
    while start < end:
        if end - start < 8:
            raise BadInput("MP4", expected="whole boxes", got=f"{end - start} bytes left")
        size, kind = struct.unpack_from(">I4s", data, start)
        inside = start + 8
        if size == 1 and end - start >= 16:
            (size,) = struct.unpack_from(">Q", data, inside)
            inside += 8
        if size < inside - start or start + size > end:
            raise BadInput("MP4", expected="whole boxes", got=f"{kind!r} of {size} bytes")
        yield Box(kind=kind, start=start, inside=inside, end=start + size)
        start += size


def places(read: Callable[[int], bytes], length: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Kind and place of each outermost box of a file; `read` gives 16 bytes of it from a place."""
    at = 0
    while at < length:
        head = read(at)
        if len(head) < 8:
            raise BadInput("MP4", expected="whole boxes", got=f"{len(head)} bytes left")
        size, kind = struct.unpack_from(">I4s", head)
        if size == 1 and len(head) == 16:
            (size,) = struct.unpack_from(">Q", head, 8)
        if size < 8 or at + size > length:
            raise BadInput("MP4", expected="whole boxes", got=f"{kind!r} of {size} bytes")
        yield kind, (at, at + size)
        at += size


def item(kind: bytes, text: str) -> bytes:
    """A text under one of Apple's names, such as `b"\\xa9nam"`."""
    return box(kind, full_box(b"data", 0, _TEXT, bytes(4), text.encode()))


def named(name: str, text: str) -> bytes:
    """A text under a name that Apple does not know."""
    return box(
        b"----",
        full_box(b"mean", 0, 0, _MEAN),
        full_box(b"name", 0, 0, name.encode()),
        full_box(b"data", 0, _TEXT, bytes(4), text.encode()),
    )


def picture(jpeg: bytes) -> bytes:
    """The picture that stands for the recording."""
    return box(b"covr", full_box(b"data", 0, _JPEG, bytes(4), jpeg))


def finished(moov: bytes, *, items: bytes) -> bytes:
    """The index of a file with these `items` in it, for a place in front of the sound: every
    offset in it is as much greater as the index is long."""
    body = b"".join(moov[one.start : one.end] for one in boxes(moov, 8) if one.kind != b"udta")
    told = [
        moov[inner.start : inner.end]
        for one in boxes(moov, 8)
        if one.kind == b"udta"
        for inner in boxes(moov, one.inside, one.end)
        if inner.kind != b"meta"
    ]
    handler = full_box(b"hdlr", 0, 0, struct.pack(">I4s4s", 0, b"mdir", b"appl"), bytes(9))
    meta = full_box(b"meta", 0, 0, handler, box(b"ilst", items))
    made = bytearray(box(b"moov", body, box(b"udta", meta, *told)))
    _shift(made, 0, len(made), by=len(made))
    return bytes(made)


def _shift(data: bytearray, start: int, end: int, *, by: int) -> None:
    """Add to all offsets of chunks (stco, co64: ISO/IEC 14496-12 section 8.7.5)."""
    for one in boxes(data, start, end):
        if one.kind in _CONTAINERS:
            _shift(data, one.inside, one.end, by=by)
        elif one.kind in (b"stco", b"co64"):
            form = ">I" if one.kind == b"stco" else ">Q"
            (count,) = struct.unpack_from(">I", data, one.inside + 4)
            first, size = one.inside + 8, struct.calcsize(form)
            if first + count * size != one.end:
                raise BadInput("MP4", expected="a whole table of offsets", got=f"{count} entries")
            many = f">{count}{form[1]}"
            moved = [value + by for value in struct.unpack_from(many, data, first)]
            if form == ">I" and moved and moved[-1] > 0xFFFFFFFF:
                raise BadInput("MP4", expected="less than 4 GB")
            struct.pack_into(many, data, first, *moved)

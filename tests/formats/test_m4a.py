"""The index of an .m4a file: found, labelled, and put in front with every offset right."""

from __future__ import annotations

import struct

import pytest

from hustings.errors import BadInput
from hustings.formats import m4a
from hustings.formats.boxes import box, full_box


def _moov(*offsets: int, wide: bool = False) -> bytes:
    table = struct.pack(f">I{len(offsets)}{'Q' if wide else 'I'}", len(offsets), *offsets)
    chunks = full_box(b"co64" if wide else b"stco", 0, 0, table)
    track = box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", chunks))))
    told = box(b"udta", full_box(b"meta", 0, 0, b"old"), full_box(b"chpl", 1, 0, b"chapters"))
    return box(b"moov", full_box(b"mvhd", 0, 0, bytes(96)), track, told)


@pytest.mark.parametrize("wide", [False, True])
def test_offsets_grow_by_the_index(wide: bool) -> None:
    items = m4a.item(b"\xa9nam", "Abend") + m4a.named("a", "b") + m4a.picture(b"\xff\xd8")
    made = m4a.finished(_moov(40, 1_000, wide=wide), items=items)
    at = made.index(b"co64" if wide else b"stco") + 8
    count, *found = struct.unpack_from(">I2Q" if wide else ">I2I", made, at)
    assert (count, found) == (2, [40 + len(made), 1_000 + len(made)])
    assert [one.kind for one in m4a.boxes(made)] == [b"moov"]
    assert items in made
    assert b"chapters" in made
    assert b"old" not in made


def test_a_file_is_walked_by_its_heads() -> None:
    parts = [box(b"ftyp", bytes(20)), box(b"free"), box(b"mdat", bytes(500)), _moov(44)]
    whole = b"".join(parts)
    found = dict(m4a.places(lambda at: whole[at : at + 16], len(whole)))
    assert [whole[start:end] for start, end in found.values()] == parts
    wide = struct.pack(">I4sQ", 1, b"mdat", 16 + 5) + b"12345"
    ((kind, place),) = m4a.places(lambda at: wide[at : at + 16], len(wide))
    assert (kind, place) == (b"mdat", (0, 21))


@pytest.mark.parametrize("data", [b"1234", b"\0\0\0\x04mdat", b"\0\0\0\xffmdat", b"\0\0\0\x09mdat"])
def test_what_is_no_box_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="MP4"):
        list(m4a.boxes(data))
    with pytest.raises(BadInput, match="MP4"):
        list(m4a.places(lambda at: data[at : at + 16], len(data)))


def test_a_broken_table_of_offsets_is_refused() -> None:
    moov = bytearray(_moov(40, 50))
    at = moov.index(b"stco") + 8
    moov[at : at + 4] = (99).to_bytes(4, "big")
    with pytest.raises(BadInput, match="offsets"):
        m4a.finished(bytes(moov), items=b"")
    with pytest.raises(BadInput, match="4 GB"):
        m4a.finished(_moov(0xFFFFFFF0), items=b"")

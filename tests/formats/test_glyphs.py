"""Fonts tell which characters they have; Pillow draws the same, and what is no font is refused."""

from __future__ import annotations

import struct

import pytest
from PIL import ImageFont

from hustings.archive.clips.ink import BUNDLED
from hustings.errors import BadInput
from hustings.formats.glyphs import characters

LATIN = BUNDLED / "NotoSans-Bold.ttf"


def test_as_it_is_drawn() -> None:
    found = characters(LATIN.read_bytes())
    font = ImageFont.truetype(str(LATIN), 40, layout_engine=ImageFont.Layout.BASIC)
    missing = bytes(font.getmask("\uffff"))
    for code in [*range(0x21, 0x250), *range(0x590, 0x600)]:
        drawn = bytes(font.getmask(chr(code))) != missing
        if code not in (0xA0, 0xAD):
            assert drawn == (code in found), hex(code)


def test_both_forms_of_tables() -> None:
    for name, character in (("Sinhala", 0x0D85), ("Thai", 0x0E01), ("Tamil", 0x0B85)):
        found = characters((BUNDLED / f"NotoSans{name}-Bold.ttf").read_bytes())
        assert character in found
        assert 0x4E00 not in found


def test_a_face_of_a_collection() -> None:
    font = LATIN.read_bytes()
    # Offsets count from the file's beginning: the tables stay where they are, the head moves.
    head = struct.pack(">4sII2I", b"ttcf", 0x10000, 2, 0, len(font))
    tables = bytearray(font)
    (count,) = struct.unpack_from(">H", tables, 4)
    for number in range(count):
        at = 12 + 16 * number + 8
        struct.pack_into(">I", tables, at, struct.unpack_from(">I", tables, at)[0] + len(head))
    whole = bytearray(head + tables)
    struct.pack_into(">2I", whole, 12, len(head), len(head))
    assert characters(bytes(whole), 1) == characters(font)
    with pytest.raises(BadInput, match="face 2"):
        characters(bytes(whole), 2)


@pytest.mark.parametrize("data", [b"", b"nothing", b"\0\1\0\0\0\0", LATIN.read_bytes()[:400]])
def test_what_is_no_font(data: bytes) -> None:
    with pytest.raises(BadInput):
        characters(data)

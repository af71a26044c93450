"""Which characters a font file has glyphs for: its `cmap` table (OpenType 1.9). Pure.

Both forms that fonts of today use are read, of 16 and of 32 bits. In a collection (`ttcf`) every
face has a table of its own.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, TypeAlias

from hustings.errors import BadInput

Data: TypeAlias = bytes | memoryview

# Platform and encoding of the tables that are indexed by Unicode, the best first.
_UNICODE: Final = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))


def characters(data: Data, face: int = 0) -> frozenset[int]:
    """The code points of a font's face; `BadInput` when it is no font, or has no such face."""
    try:
        at = _table(data, _directory(data, face))
        (form,) = struct.unpack_from(">H", data, at)
        if form == 4:
            return frozenset(_short(data, at))
        if form == 12:
            return frozenset(_long(data, at))
    except (struct.error, OverflowError) as error:
        raise BadInput("font", expected="whole tables", got=str(error)) from error
    raise BadInput("font", expected="a cmap of form 4 or 12", got=f"form {form}")


def _directory(data: Data, face: int) -> int:
    (kind,) = struct.unpack_from(">4s", data)
    if kind != b"ttcf":
        return 0
    (count,) = struct.unpack_from(">I", data, 8)
    if face >= count:
        raise BadInput("font", expected=f"face {face}", got=f"{count} faces")
    (at,) = struct.unpack_from(">I", data, 12 + 4 * face)
    return int(at)


def _table(data: Data, directory: int) -> int:
    """Where the best table of characters begins."""
    (tables,) = struct.unpack_from(">H", data, directory + 4)
    for number in range(tables):
        tag, _, cmap = struct.unpack_from(">4sII", data, directory + 12 + 16 * number)
        if tag == b"cmap":
            break
    else:
        raise BadInput("font", expected="a cmap", got=f"{tables} tables without one")
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    found: dict[tuple[int, int], int] = {}
    for number in range(count):
        platform, encoding, at = struct.unpack_from(">HHI", data, cmap + 4 + 8 * number)
        found[platform, encoding] = cmap + at
    for wanted in _UNICODE:
        if wanted in found:
            return found[wanted]
    raise BadInput("font", expected="a table of Unicode", got=f"{sorted(found)}")


def _short(data: Data, at: int) -> Iterator[int]:
    (twice,) = struct.unpack_from(">H", data, at + 6)
    form = f">{twice // 2}H"
    ends = struct.unpack_from(form, data, at + 14)
    starts = struct.unpack_from(form, data, at + 16 + twice)
    deltas = struct.unpack_from(form, data, at + 16 + 2 * twice)
    offsets_at = at + 16 + 3 * twice
    offsets = struct.unpack_from(form, data, offsets_at)
    for number, (start, end, delta, offset) in enumerate(
        zip(starts, ends, deltas, offsets, strict=True)
    ):
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code
            if offset:
                place = offsets_at + 2 * number + offset + 2 * (code - start)
                (glyph,) = struct.unpack_from(">H", data, place)
                if glyph == 0:
                    continue
            if (glyph + delta) & 0xFFFF:
                yield code


def _long(data: Data, at: int) -> Iterator[int]:
    (groups,) = struct.unpack_from(">I", data, at + 12)
    for number in range(groups):
        start, end, glyph = struct.unpack_from(">III", data, at + 16 + 12 * number)
        if end > 0x10FFFF:
            raise BadInput("font", expected="code points", got=f"{end:#x}")
        for code in range(start, end + 1):
            if glyph + code - start:
                yield code

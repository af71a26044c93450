"""Ink: letters and shapes on a picture, by Pillow, which is named in this file only.

Letters come from the fonts beside this file, and for scripts that these lack (Chinese, Japanese,
Korean) from the machine's own. A character of which no font knows is never drawn as a box.
"""

from __future__ import annotations

import io
import mmap
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from hustings import limits
from hustings.errors import BadInput
from hustings.formats import glyphs

Colour: TypeAlias = tuple[int, int, int]
Weight = Literal["bold", "regular"]

BUNDLED: Final = Path(__file__).parent / "fonts"
SYSTEM: Final = (
    Path("/usr/local/share/fonts"),
    Path("/usr/share/fonts"),
    Path.home() / ".local/share/fonts",
)
_SUFFIXES: Final = frozenset({".ttf", ".otf", ".ttc", ".otc"})
# In collections that have a face for each region, which of them; ideographs differ.
_REGIONS: Final = {"ja": 0, "ko": 1, "zh": 2, "zh-hant": 3, "zh-tw": 3, "zh-hk": 3}
# They join or part letters and have no shape: whatever font stands before them is right.
_JOINERS: Final = frozenset("\u200c\u200d")
_SMOOTH: Final = 4  # times the size at which round edges are drawn


class Face:
    """One face of a font file."""

    def __init__(self, path: Path, index: int = 0) -> None:
        self._path = path
        self._index = index
        self._known = _characters(path, index)
        self._sizes: dict[int, ImageFont.FreeTypeFont] = {}

    def covers(self, character: str) -> bool:
        """Whether it has a glyph for a character."""
        return ord(character) in self._known

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The face at a size in pixels, with the shaping that its script needs (raqm)."""
        if size not in self._sizes:
            self._sizes[size] = ImageFont.truetype(str(self._path), size, index=self._index)
        return self._sizes[size]


class Faces:
    """Faces for all scripts, the bundled ones first. `language` chooses among ideographs."""

    def __init__(
        self,
        *,
        weight: Weight = "bold",
        language: str = "",
        bundled: Path = BUNDLED,
        system: Sequence[Path] = SYSTEM,
    ) -> None:
        first = bundled / f"NotoSans-{weight.title()}.ttf"
        others = sorted(path for path in bundled.glob("*-Bold.ttf") if path != first)
        self._faces = [Face(path) for path in [first, *others]]
        self._language = language.lower()
        self._system = system
        self._widths: dict[tuple[str, int], float] = {}
        self._vain: set[str] = set()  # characters that no font of this machine has

    def drawable(self, text: str) -> str:
        """The text as it can be drawn: without pictograms, and empty if a letter has no font."""
        out = []
        for character in " ".join(unicodedata.normalize("NFC", text).split()):
            kind = unicodedata.category(character)
            if character == " " or character in _JOINERS or self._face(character) is not None:
                out.append(character)
            elif kind[0] in "LMN":
                return ""
        return " ".join("".join(out).split())

    def width(self, text: str, size: int) -> float:
        """How long a text is in pixels."""
        key = text, size
        if key not in self._widths:
            self._widths[key] = sum(face.at(size).getlength(part) for face, part in self.runs(text))
        return self._widths[key]

    def height(self, size: int) -> int:
        """From one baseline to the next in pixels."""
        return round(size * 1.34)

    def runs(self, text: str) -> list[tuple[Face, str]]:
        """Stretches of text in one face each, as they stand from left to right."""
        found: list[tuple[Face, str]] = []
        for character in text:
            before = found[-1][0] if found else None
            face = self._fitting(character, before)
            if face is before:
                found[-1] = face, found[-1][1] + character
            else:
                found.append((face, character))
        return found[::-1] if from_right(text) else found

    def _fitting(self, character: str, before: Face | None) -> Face:
        """The face for a character that stands behind one in face `before`."""
        kind = unicodedata.category(character)[0]
        if before is not None and (kind == "M" or character in _JOINERS):
            return before
        if before is not None and kind not in "LN" and before.covers(character):
            return before
        return self._face(character) or before or self._faces[0]

    def _face(self, character: str) -> Face | None:
        for face in self._faces:
            if face.covers(character):
                return face
        if character in self._vain or unicodedata.category(character)[0] not in "LMN":
            return None
        found = self._looked_for(character)
        if found is None:
            self._vain.add(character)
        else:
            self._faces.append(found)
        return found

    def _looked_for(self, character: str) -> Face | None:
        for path in _installed(tuple(self._system)):
            index = 0
            if path.suffix.lower() in (".ttc", ".otc"):
                short = self._language.split("-")[0]
                index = _REGIONS.get(self._language, _REGIONS.get(short, 0))
            for face in dict.fromkeys((index, 0)):
                try:
                    found = Face(path, face)
                except (BadInput, OSError):
                    continue
                if found.covers(character):
                    return found
        return None


class Canvas:
    """A picture that is drawn on, in pixels from the top left."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image

    @classmethod
    def plain(cls, width: int, height: int, colour: Colour) -> Canvas:
        """One colour."""
        return cls(Image.new("RGB", (width, height), colour))

    def part(self, x: int, y: int, width: int, height: int) -> Canvas:
        """A copy of a part."""
        return Canvas(self._image.crop((x, y, x + width, y + height)))

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture as an array: height, width, red green blue."""
        return np.asarray(self._image)

    def text(
        self, at: tuple[float, float], text: str, *, faces: Faces, size: int, colour: Colour
    ) -> None:
        """A text in one colour, from the left, on a baseline."""
        draw = ImageDraw.Draw(self._image)
        x, y = at
        for face, part in faces.runs(text):
            font = face.at(size)
            draw.text((x, y), part, fill=colour, font=font, anchor="ls")
            x += font.getlength(part)

    def box(
        self, at: tuple[int, int], size: tuple[int, int], colour: Colour, *, radius: int = 0
    ) -> None:
        """A box with smooth round corners; with a radius of half its size a disc."""
        self._image.paste(colour, at, _rounded(*size, radius))

    def shape(self, points: Iterable[tuple[float, float]], colour: Colour) -> None:
        """A polygon with smooth edges."""
        large = [(x * _SMOOTH, y * _SMOOTH) for x, y in points]
        left, top = (int(min(value) // _SMOOTH) for value in zip(*large, strict=True))
        right, bottom = (int(max(value) // _SMOOTH) + 1 for value in zip(*large, strict=True))
        mask = Image.new("L", ((right - left) * _SMOOTH, (bottom - top) * _SMOOTH))
        moved = [(x - left * _SMOOTH, y - top * _SMOOTH) for x, y in large]
        ImageDraw.Draw(mask).polygon(moved, fill=255)
        small = mask.resize((right - left, bottom - top), Image.Resampling.BOX)
        self._image.paste(colour, (left, top), small)

    def picture(
        self, path: Path, at: tuple[int, int], size: tuple[int, int], *, radius: int = 0
    ) -> bool:
        """A picture from a file, cut to fill a box; False, and nothing, if it cannot be read."""
        try:
            with Image.open(path, formats=("WEBP", "JPEG", "PNG")) as found:
                if found.width * found.height > limits.PICTURE_PIXELS:
                    return False
                whole = found.convert("RGB")
        except (OSError, ValueError, Image.DecompressionBombError):
            return False
        width, height = size
        scale = max(width / whole.width, height / whole.height)
        inner = width / scale, height / scale
        left, top = (whole.width - inner[0]) / 2, (whole.height - inner[1]) / 2
        made = whole.resize(
            size, Image.Resampling.LANCZOS, (left, top, left + inner[0], top + inner[1])
        )
        self._image.paste(made, at, _rounded(width, height, radius))
        return True

    def webp(self) -> bytes:
        """The picture as WebP."""
        return self._saved("WEBP", quality=88, method=5)

    def jpeg(self, side: int) -> bytes:
        """The picture as a square JPEG of so many pixels, as players show it beside the sound."""
        small = self._image.resize((side, side), Image.Resampling.LANCZOS)
        return Canvas(small)._saved("JPEG", quality=88)

    def png(self) -> bytes:
        """The picture as PNG."""
        return self._saved("PNG")

    def _saved(self, form: str, **options: int) -> bytes:
        out = io.BytesIO()
        self._image.save(out, form, **options)
        return out.getvalue()


def from_right(text: str) -> bool:
    """Whether a text is written from right to left: its first letter says so."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


@cache
def _rounded(width: int, height: int, radius: int) -> Image.Image:
    mask = Image.new("L", (width * _SMOOTH, height * _SMOOTH))
    corner = (width * _SMOOTH - 1, height * _SMOOTH - 1)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *corner), radius * _SMOOTH, fill=255)
    return mask.resize((width, height), Image.Resampling.BOX)


@cache
def _characters(path: Path, index: int) -> frozenset[int]:
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as data,
    ):
        return glyphs.characters(data, index)


@cache
def _installed(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """The machine's fonts, those first that go best with ours; upright ones only."""
    found = [
        path
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _SUFFIXES
        and not any(word in path.stem.lower() for word in ("italic", "oblique", "mono"))
    ]

    def far(path: Path) -> tuple[bool, bool, bool]:
        name = path.stem.lower()
        return "noto" not in name, "serif" in name, "bold" not in name

    return tuple(sorted(found, key=far)[: limits.FONTS_COUNT])

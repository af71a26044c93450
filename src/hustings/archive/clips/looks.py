"""How a clip looks: colours, and where everything stands in each shape.

All that is drawn lies within margins that players' own buttons leave free; of the tall shape, which
is shown full screen under them, wider ones. Places are even numbers, and heights multiples of four,
because colour has half the resolution of brightness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hustings.archive.clips.ink import Colour
from hustings.space.replay import ClipShape

GROUND: Final[Colour] = (10, 54, 46)
INK: Final[Colour] = (255, 255, 255)
SOFT: Final[Colour] = (160, 198, 189)  # 6.9:1 on the ground
COMING: Final[Colour] = (98, 145, 134)  # words that are not said yet: 3.5:1
NOW: Final[Colour] = (255, 214, 130)  # the word that is being said
QUIET: Final[Colour] = (38, 96, 84)  # sound that is to come
# Whose sound it was, once it has been: nobody's, and speakers by how much they say, as on the
# recording's page.
SEATS: Final[tuple[Colour, ...]] = (
    (133, 125, 112),
    (111, 208, 187),
    (242, 161, 107),
    (147, 176, 255),
    (215, 155, 224),
    (216, 193, 90),
    (245, 139, 176),
    (108, 196, 220),
    (201, 171, 149),
)
INITIALS: Final[Colour] = (7, 36, 31)
MARK: Final[Colour] = (255, 255, 255)
ON_MARK: Final[Colour] = (11, 93, 78)


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the picture."""

    x: int
    y: int
    width: int
    height: int

    @property
    def end(self) -> int:
        """Its lower edge."""
        return self.y + self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Places and sizes of one shape. `words` is for what is said; where nothing is known to be,
    the waveform stands in `alone`. `bar` is the width of its bars, with half of that between."""

    width: int
    height: int
    head: Box
    head_size: int
    title: Box
    title_size: int
    title_rows: int
    who: Box
    who_size: int
    words: Box
    words_size: int
    words_rows: int
    wave: Box
    alone: Box
    bar: int


LOOKS: Final[dict[ClipShape, Looks]] = {
    "square": Looks(
        width=1080,
        height=1080,
        head=Box(72, 64, 936, 48),
        head_size=32,
        title=Box(72, 136, 936, 132),
        title_size=48,
        title_rows=2,
        who=Box(72, 318, 936, 88),
        who_size=38,
        words=Box(72, 436, 936, 412),
        words_size=76,
        words_rows=4,
        wave=Box(72, 892, 936, 116),
        alone=Box(72, 470, 936, 420),
        bar=10,
    ),
    "wide": Looks(
        width=1920,
        height=1080,
        head=Box(120, 72, 1680, 52),
        head_size=36,
        title=Box(120, 148, 1680, 76),
        title_size=54,
        title_rows=1,
        who=Box(120, 296, 1680, 96),
        who_size=44,
        words=Box(120, 430, 1680, 400),
        words_size=98,
        words_rows=3,
        wave=Box(120, 880, 1680, 120),
        alone=Box(120, 470, 1680, 432),
        bar=12,
    ),
    "tall": Looks(
        width=1080,
        height=1920,
        head=Box(84, 260, 912, 52),
        head_size=36,
        title=Box(84, 340, 912, 220),
        title_size=54,
        title_rows=3,
        who=Box(84, 632, 912, 104),
        who_size=44,
        words=Box(84, 776, 912, 572),
        words_size=84,
        words_rows=5,
        wave=Box(84, 1376, 912, 132),
        alone=Box(84, 860, 912, 520),
        bar=10,
    ),
}

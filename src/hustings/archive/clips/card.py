"""The clip's preview card, as other sites show it beside a link: 1,200 x 630."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.archive.clips import looks
from hustings.archive.clips.ink import Canvas, Faces, from_right
from hustings.archive.clips.looks import Box
from hustings.archive.clips.plan import ClipPlan
from hustings.archive.clips.scene import Speaker, draw_disc, draw_mark
from hustings.archive.clips.setting import Type, fitting

WIDTH: Final = 1200
HEIGHT: Final = 630
BARS: Final = 48
_HEAD: Final = Box(64, 56, 1072, 48)
_TITLE: Final = Box(64, 136, 1072, 260)
_TITLE_SIZES: Final = (72, 60, 50)
_TITLE_ROWS: Final = 3
_WHO: Final = Box(64, 424, 1072, 56)
_WAVE: Final = Box(168, 510, 968, 72)
_BUTTON: Final = Box(64, 506, 80, 80)
_NAMES_COUNT: Final = 4


def draw(
    clip: ClipPlan,
    *,
    speakers: Sequence[Speaker],
    levels: NDArray[np.float32],
    picture: Path | None,
) -> Canvas:
    """The card."""
    bold, regular = Faces(language=clip.language), Faces(weight="regular", language=clip.language)
    canvas = Canvas.plain(WIDTH, HEIGHT, looks.GROUND)
    _head(canvas, regular, clip, picture)
    kind, rows = fitting(bold, clip.title, sizes=_TITLE_SIZES, width=_TITLE.width, most=_TITLE_ROWS)
    kind.draw(canvas, (_TITLE.x, _TITLE.y), rows, width=_TITLE.width, colours=(looks.INK,))
    _who(canvas, bold, speakers)
    _sound(canvas, levels)
    return canvas


def _head(canvas: Canvas, faces: Faces, clip: ClipPlan, picture: Path | None) -> None:
    box = _HEAD
    kind = Type(faces=faces, size=32)
    width = box.width - box.height - 22
    rows = kind.text(clip.space_title, width, 1)
    right = from_right(clip.space_title)
    draw_mark(
        canvas, (box.x + box.width - box.height if right else box.x, box.y), box.height, picture
    )
    start = box.x if right else box.x + box.height + 22
    kind.draw(canvas, (start, box.y + 3), rows, width=width, colours=(looks.SOFT,))


def _who(canvas: Canvas, faces: Faces, speakers: Sequence[Speaker]) -> None:
    """Those who speak, in the order in which they begin."""
    kind = Type(faces=faces, size=30)
    x = _WHO.x
    for speaker in list({one.seat: one for one in speakers}.values())[:_NAMES_COUNT]:
        rows = kind.text(speaker.name, 420, 1)
        if not rows:
            continue
        width = _WHO.height + 16 + round(kind.width(rows[0]))
        if x + width > _WHO.x + _WHO.width:
            return
        draw_disc(canvas, faces, speaker, (x, _WHO.y), _WHO.height)
        at = (x + _WHO.height + 16, _WHO.y + 8)
        kind.draw(canvas, at, rows, width=width - _WHO.height - 16, colours=(looks.INK,))
        x += width + 40


def _sound(canvas: Canvas, levels: NDArray[np.float32]) -> None:
    """A button as players have it, and the waveform."""
    box = _BUTTON
    canvas.box((box.x, box.y), (box.width, box.height), looks.NOW, radius=box.width // 2)
    x, y, side = box.x + 31, box.y + 24, 32
    canvas.shape(((x, y), (x + 26, y + side / 2), (x, y + side)), looks.GROUND)
    most = max(float(levels.max(initial=0)), 0.02)
    step = _WAVE.width / len(levels)
    for place, level in enumerate(levels):
        height = max(10, round(_WAVE.height * min(1.0, float(level) / most) ** 0.6))
        at = (round(_WAVE.x + place * step), _WAVE.y + (_WAVE.height - height) // 2)
        canvas.box(at, (10, height), looks.SEATS[1], radius=5)

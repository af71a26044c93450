"""Type is set in even rows of a width, in the direction in which it is read."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.archive.clips.ink import Canvas, Faces
from hustings.archive.clips.said import Word, pieces
from hustings.archive.clips.setting import MORE, Type, fitting

FACES = Faces(system=())
KIND = Type(faces=FACES, size=40)
LONG = "Three villages learned to talk to each other again after the flood"
GROUND, INK, LIT = (0, 0, 0), (255, 255, 255), (255, 0, 0)


def _words(text: str) -> list[Word]:
    return [Word(0, 0, part, glued) for part, glued in pieces(text)]


def _texts(rows: list[list[Word]]) -> list[str]:
    return ["".join(w.text if w.glued else f" {w.text}" for w in row).strip() for row in rows]


@pytest.mark.parametrize("width", [300, 500, 900, 2_000])
def test_rows_are_as_few_as_can_be_and_even(width: int) -> None:
    rows = KIND.rows(_words(LONG), width)
    assert " ".join(_texts(rows)) == LONG
    widths = [KIND.width(row) for row in rows]
    assert max(widths) <= width
    whole = KIND.width(_words(LONG))
    assert len(rows) <= whole // (width * 0.6) + 1
    if len(rows) > 1:
        assert min(widths) > max(widths) * 0.4


def test_what_does_not_fit_is_left_out_and_said_to_be() -> None:
    (row,) = _texts(KIND.text(LONG, 500, 1))
    assert row.endswith(MORE)
    assert LONG.startswith(row.removesuffix(MORE))
    (word,) = _texts(KIND.text("Donaudampfschifffahrtsgesellschaft", 300, 1))
    assert word.startswith("Donau")
    assert word.endswith(MORE)
    assert KIND.text("", 300, 1) == []
    assert KIND.text("橋 🌊", 300, 1) == []


def test_smaller_before_shorter() -> None:
    kind, rows = fitting(FACES, LONG, sizes=(40, 30, 20), width=700, most=1)
    assert (kind.size, _texts(rows)) == (20, [LONG])
    kind, rows = fitting(FACES, LONG, sizes=(40, 30, 20), width=700, most=2)
    assert (kind.size, " ".join(_texts(rows))) == (40, LONG)


def _lit(text: str, lit: int) -> tuple[float, float]:
    """Where one word of a row stands, and where the row begins, as shares of the width."""
    words = _words(text)
    canvas = Canvas.plain(600, 60, GROUND)
    colours = [LIT if place == lit else INK for place in range(len(words))]
    KIND.draw(canvas, (0, 0), [words], width=600, colours=colours)
    pixels = canvas.pixels.astype(int)
    red = np.flatnonzero((pixels[..., 0] - pixels[..., 1] > 100).any(axis=0))
    white = np.flatnonzero((pixels[..., 1] > 100).any(axis=0))
    return float(red.mean()) / 600, float(white.min()) / 600


def test_from_left_to_right() -> None:
    first, begins = _lit("one two three", 0)
    last, _ = _lit("one two three", 2)
    assert first < last < 0.6
    assert begins > first


def test_from_right_to_left_with_words_that_go_the_other_way() -> None:
    text = "دفع ثمن Open Studio المنزل"
    places = [_lit(text, number)[0] for number in range(5)]
    assert places[0] > places[1] > places[3] > places[2] > places[4]
    assert places[0] > 0.8

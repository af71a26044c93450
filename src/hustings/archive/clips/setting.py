"""Setting type: words in rows of a width, from the left or the right as their script wants it.

Rows are as even as they can be without being more. A row that holds words of both directions stands
in the order in which it is read: groups of the other direction keep their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hustings.archive.clips.ink import Canvas, Colour, Faces, from_right
from hustings.archive.clips.said import Word, pieces

MORE: Final = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """Letters of one size."""

    faces: Faces
    size: int

    def rows(self, words: Sequence[Word], width: float) -> list[list[Word]]:
        """Words in rows of at most this width, balanced; a longer word stands alone."""
        rows = self._filled(words, width)
        low, high = width / 2, width
        while len(rows) > 1 and high - low > self.size / 4:
            middle = (low + high) / 2
            tighter = self._filled(words, middle)
            if len(tighter) > len(rows) or any(self.width(row) > width for row in tighter):
                low = middle
            else:
                high, rows = middle, tighter
        return rows

    def fits(self, rows: Sequence[Sequence[Word]], width: float, most: int) -> bool:
        """Whether rows are not too many, and none too long."""
        return len(rows) <= most and all(self.width(row) <= width for row in rows)

    def width(self, row: Sequence[Word]) -> float:
        """How long a row is."""
        return sum(self._space(place, word) + self._length(word) for place, word in enumerate(row))

    def text(self, text: str, width: float, most: int) -> list[list[Word]]:
        """A text in at most so many rows; what does not fit is left out, and … says so."""
        words = [Word(0, 0, part, glued) for part, glued in pieces(self.faces.drawable(text))]
        rows = self.rows(words, width)
        if self.fits(rows, width, most):
            return rows
        for count in range(len(words), 0, -1):
            last = words[count - 1].text.rstrip(",.;:-")
            rows = self._filled([*words[: count - 1], Word(0, 0, last + MORE)], width)
            if self.fits(rows, width, most):
                return rows
        first = words[0].text
        while first and self._length(Word(0, 0, first + MORE)) > width:
            first = first[:-1]
        return [[Word(0, 0, first + MORE)]] if first else []

    def draw(
        self,
        canvas: Canvas,
        at: tuple[int, int],
        rows: Sequence[Sequence[Word]],
        *,
        width: int,
        colours: Sequence[Colour],
    ) -> None:
        """Draw rows into a column, its top left at `at`; the words take the colours in order, and
        those that are left the last one."""
        from_the_right = from_right(" ".join(word.text for row in rows for word in row))
        left, top = at
        done = 0
        for number, row in enumerate(rows):
            baseline = top + round(self.size * 1.02) + number * self.faces.height(self.size)
            x = left + (width - self.width(row) if from_the_right else 0)
            for place in _order(row, right=from_the_right):
                index = min(done + place, len(colours) - 1)
                space = self._space(place, row[place])
                x += 0 if from_the_right else space
                canvas.text(
                    (x, baseline),
                    row[place].text,
                    faces=self.faces,
                    size=self.size,
                    colour=colours[index],
                )
                x += self._length(row[place]) + (space if from_the_right else 0)
            done += len(row)

    def _filled(self, words: Sequence[Word], width: float) -> list[list[Word]]:
        rows: list[list[Word]] = []
        for word in words:
            if rows and self.width([*rows[-1], word]) <= width:
                rows[-1].append(word)
            else:
                rows.append([word])
        return rows

    def _space(self, place: int, word: Word) -> float:
        return 0.0 if place == 0 or word.glued else self.faces.width(" ", self.size)

    def _length(self, word: Word) -> float:
        return self.faces.width(word.text, self.size)


def fitting(
    faces: Faces, text: str, *, sizes: Iterable[int], width: float, most: int
) -> tuple[Type, list[list[Word]]]:
    """A text in the first of the sizes in which it fits whole; if there is none, in the last."""
    for size in sizes:
        kind = Type(faces=faces, size=size)
        rows = kind.text(text, width, most)
        if not rows or not rows[-1][-1].text.endswith(MORE):
            break
    return kind, rows


def _order(row: Sequence[Word], *, right: bool) -> list[int]:
    """The words of a row from left to right."""
    groups: list[tuple[bool, list[int]]] = []
    for place, word in enumerate(row):
        # What has no letters goes with what stands before it.
        strong = any(letter.isalpha() for letter in word.text)
        turned = from_right(word.text) if strong or not groups else groups[-1][0]
        if not strong and not groups:
            turned = right
        if groups and groups[-1][0] == turned:
            groups[-1][1].append(place)
        else:
            groups.append((turned, [place]))
    if right:
        groups.reverse()
    return [place for turned, places in groups for place in (places[::-1] if turned else places)]

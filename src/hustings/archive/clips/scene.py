"""What a clip shows at each moment: drawn once where it stands still, and for each change else.

    head    the mark, the conversation          title   the clip's
    who     who is speaking                     words   what is said, the word of the moment lit
    wave    the sound, as far as it has been played

A moment is a state of `who` and `words`; between two moments only the waveform moves.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.archive.clips import looks
from hustings.archive.clips.ink import Canvas, Faces, from_right
from hustings.archive.clips.looks import Box, Looks
from hustings.archive.clips.plan import ClipPlan
from hustings.archive.clips.said import Sentence, Word
from hustings.archive.clips.setting import Type, fitting

_SMALLER: Final = (1.0, 0.84, 0.7, 0.58)  # sizes that are tried for words that are long
_EARLY_MS: Final = 120  # eyes need a moment more than ears
_LINGER_MS: Final = 1_200  # what was said stays so long when nothing follows


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who begins to speak at a moment of the clip; `colour` is theirs in `looks.SEATS`."""

    at_ms: int
    seat: str
    name: str
    colour: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Words that stand on the picture together."""

    at_ms: int
    end_ms: int
    type: Type
    rows: tuple[tuple[Word, ...], ...]

    @property
    def words(self) -> tuple[Word, ...]:
        """All of them, in the order in which they are said."""
        return tuple(word for row in self.rows for word in row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """From when on what stands on the picture: `said` words of the page have been begun."""

    at_ms: int
    speaker: Speaker | None
    page: Page | None
    said: int


class Scene:
    """A clip in one shape. `levels` gives so many bars of its waveform as it is asked for."""

    def __init__(
        self,
        clip: ClipPlan,
        look: Looks,
        *,
        sentences: Sequence[Sentence],
        speakers: Sequence[Speaker],
        picture: Path | None,
    ) -> None:
        self.look = look
        self._clip = clip
        self._bold = Faces(language=clip.language)
        self._regular = Faces(weight="regular", language=clip.language)
        self._picture = picture
        self._speakers = speakers
        self.pages = tuple(self._paged(sentences))

    @property
    def wave(self) -> Box:
        """Where the waveform stands."""
        return self.look.wave if self.pages else self.look.alone

    @property
    def bars(self) -> int:
        """How many bars the waveform has."""
        step = self.look.bar + self.look.bar // 2
        return (self.wave.width + self.look.bar // 2) // step

    def moments(self) -> list[Moment]:
        """All moments in order; the first is the beginning."""
        times = {0, *(speaker.at_ms for speaker in self._speakers)}
        for page in self.pages:
            times |= {page.at_ms, page.end_ms, *(word.at_ms for word in page.words)}
        made: list[Moment] = []
        for at_ms in sorted(times):
            shown = next((one for one in self.pages if one.at_ms <= at_ms < one.end_ms), None)
            said = 0 if shown is None else sum(word.at_ms <= at_ms for word in shown.words)
            if at_ms < self._clip.duration_ms:
                made.append(
                    Moment(at_ms=at_ms, speaker=self._speaker(at_ms), page=shown, said=said)
                )
        return made

    def still(self) -> Canvas:
        """What never moves."""
        look = self.look
        canvas = Canvas.plain(look.width, look.height, looks.GROUND)
        self._draw_head(canvas)
        kind, rows = fitting(
            self._bold,
            self._clip.title,
            sizes=[round(look.title_size * smaller) for smaller in _SMALLER[:-1]],
            width=look.title.width,
            most=look.title_rows,
        )
        colours = (looks.INK,)
        at = (look.title.x, look.title.y)
        kind.draw(canvas, at, rows, width=look.title.width, colours=colours)
        return canvas

    def draw_speaker(self, canvas: Canvas, speaker: Speaker | None) -> None:
        """Who speaks: a disc with the initials, and the name."""
        name = self._bold.drawable(speaker.name) if speaker is not None else ""
        if speaker is None or not name:
            return
        box = self.look.who
        right = from_right(name)
        disc = box.x + box.width - box.height if right else box.x
        draw_disc(canvas, self._bold, speaker, (disc, box.y), box.height)
        kind = Type(faces=self._bold, size=self.look.who_size)
        aside = box.height + 28
        rows = kind.text(name, box.width - aside, 1)
        top = box.y + (box.height - round(1.3 * kind.size)) // 2
        start = box.x if right else box.x + aside
        kind.draw(canvas, (start, top), rows, width=box.width - aside, colours=(looks.INK,))

    def draw_words(self, canvas: Canvas, moment: Moment) -> None:
        """What is said: what has been said, the word of the moment, what comes."""
        page = moment.page
        if page is None:
            return
        colours = [
            looks.COMING if place >= moment.said
            else looks.NOW if place == moment.said - 1
            else looks.INK
            for place in range(len(page.words))
        ]  # fmt: skip
        box = self.look.words
        page.type.draw(canvas, (box.x, box.y), page.rows, width=box.width, colours=colours)

    def draw_wave(self, canvas: Canvas, levels: NDArray[np.float32], *, played: bool) -> None:
        """The whole waveform, as it looks before or after it was played."""
        box, bar = self.wave, self.look.bar
        most = max(float(levels.max(initial=0)), 0.02)
        for place, level in enumerate(levels):
            # Loudness as ears have it is no proportion: quiet voices stay visible.
            share = min(1.0, float(level) / most) ** 0.6
            height = max(bar, round(box.height * share) // 2 * 2)
            x = box.x + place * (bar + bar // 2)
            top = box.y + (box.height - height) // 2
            colour = looks.SEATS[self._heard(place, len(levels))] if played else looks.QUIET
            canvas.box((x, top), (bar, height), colour, radius=bar // 2)

    def _draw_head(self, canvas: Canvas) -> None:
        box = self.look.head
        kind = Type(faces=self._regular, size=self.look.head_size)
        rows = kind.text(self._clip.space_title, box.width - box.height - 22, 1)
        right = bool(rows) and from_right(" ".join(word.text for word in rows[0]))
        at = (box.x + box.width - box.height if right else box.x, box.y)
        draw_mark(canvas, at, box.height, self._picture)
        top = box.y + (box.height - round(1.3 * kind.size)) // 2
        start = box.x if right else box.x + box.height + 22
        width = box.width - box.height - 22
        kind.draw(canvas, (start, top), rows, width=width, colours=(looks.SOFT,))

    def _heard(self, place: int, count: int) -> int:
        """The colour of whoever speaks in a bar."""
        speaker = self._speaker(self._clip.duration_ms * (2 * place + 1) // (2 * count))
        return 1 if speaker is None else speaker.colour

    def _speaker(self, at_ms: int) -> Speaker | None:
        place = bisect.bisect_right(self._speakers, at_ms, key=lambda one: one.at_ms)
        return self._speakers[max(0, place - 1)] if self._speakers else None

    def _paged(self, sentences: Sequence[Sentence]) -> Iterator[Page]:
        """The sentences that can be drawn, in pages; one ends where the next begins."""
        pages = [page for one in sentences for page in self._pages(one)]
        for place, page in enumerate(pages):
            following = pages[place + 1].at_ms if place + 1 < len(pages) else None
            end_ms = page.words[-1].end_ms + _LINGER_MS
            if following is not None:
                end_ms = min(end_ms, following)
            if end_ms > page.at_ms:
                yield Page(at_ms=page.at_ms, end_ms=end_ms, type=page.type, rows=page.rows)

    def _pages(self, sentence: Sentence) -> list[Page]:
        words = [
            Word(word.at_ms, word.end_ms, text, word.glued)
            for word in sentence.words
            if (text := self._bold.drawable(word.text))
        ]
        # A sentence that has gaps says something else.
        if not words or len(words) < sum(_is_word(word.text) for word in sentence.words):
            return []
        width, most = self.look.words.width, self.look.words_rows
        for smaller in _SMALLER:
            kind = Type(faces=self._bold, size=round(self.look.words_size * smaller))
            if all(kind.width([word]) <= width for word in words):
                break
        count = 1
        while True:
            parts = _parted(words, count)
            rows = [kind.rows(part, width) for part in parts]
            if count >= len(words) or all(len(one) <= most for one in rows):
                break
            count += 1
        return [
            Page(
                at_ms=max(0, part[0].at_ms - _EARLY_MS),
                end_ms=part[-1].end_ms,
                type=kind,
                rows=tuple(tuple(row) for row in made),
            )
            for part, made in zip(parts, rows, strict=True)
        ]


def draw_disc(
    canvas: Canvas, faces: Faces, speaker: Speaker, at: tuple[int, int], size: int
) -> None:
    """Somebody's disc with their initials."""
    canvas.box(at, (size, size), looks.SEATS[speaker.colour], radius=size // 2)
    text = initials(faces.drawable(speaker.name))
    height = round(size * 0.4)
    x = at[0] + (size - faces.width(text, height)) / 2
    canvas.text((x, at[1] + size * 0.64), text, faces=faces, size=height, colour=looks.INITIALS)


def draw_mark(canvas: Canvas, at: tuple[int, int], size: int, picture: Path | None = None) -> None:
    """The picture of the conversation, else the product's mark: a stand with waves above it."""
    x, y = at
    radius = size // 4
    if picture is not None and canvas.picture(picture, at, (size, size), radius=radius):
        return
    unit = size / 32
    canvas.box(at, (size, size), looks.MARK, radius=radius)
    stand = ((7, 17.5), (25, 17.5), (23, 21.5), (18.4, 21.5), (18.4, 27), (13.6, 27), (13.6, 21.5), (9, 21.5))  # fmt: skip  # noqa: E501
    canvas.shape(((x + unit * a, y + unit * b) for a, b in stand), looks.ON_MARK)
    for radius_units, middle in ((5.2, 16.3), (10.3, 16.3)):
        canvas.shape(_arc(x, y, unit, radius_units, middle), looks.ON_MARK)


def initials(name: str) -> str:
    """The first letters of the first and the last name."""
    parts = [part for part in name.split() if part[:1].isalnum()]
    if not parts:
        return ""
    return "".join(part[0] for part in (parts[:1] if len(parts) == 1 else (parts[0], parts[-1])))


def _arc(x: int, y: int, unit: float, radius: float, middle: float) -> list[tuple[float, float]]:
    """A wave above the stand: an arc of 90 degrees, with a thickness."""
    angles = np.radians(np.linspace(-135, -45, 24))
    outer = [
        (16 + (radius + 1.15) * np.cos(a), middle + (radius + 1.15) * np.sin(a)) for a in angles
    ]
    inner = [
        (16 + (radius - 1.15) * np.cos(a), middle + (radius - 1.15) * np.sin(a)) for a in angles
    ]
    return [(float(x + unit * a), float(y + unit * b)) for a, b in [*outer, *inner[::-1]]]


def _parted(words: Sequence[Word], count: int) -> list[list[Word]]:
    """Words in so many parts of about the same length."""
    letters = sum(len(word.text) + 1 for word in words)
    parts: list[list[Word]] = [[] for _ in range(count)]
    before = 0
    for word in words:
        middle = before + len(word.text) / 2
        parts[min(count - 1, int(middle * count / letters))].append(word)
        before += len(word.text) + 1
    return [part for part in parts if part]


def _is_word(text: str) -> bool:
    return any(character.isalnum() for character in text)

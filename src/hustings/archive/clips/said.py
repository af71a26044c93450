"""What is said in a clip: the sentences of the transcript that lie in it, word by word. Pure.

Times are milliseconds from the clip's beginning. A sentence that was put right by hand may have no
times of its words any more: they get theirs by their length.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hustings.formats.transcript import Cue, Transcript

# Scripts that do not part words with spaces, by the beginnings of their letters' names.
_UNPARTED: Final = ("CJK ", "HIRAGANA", "KATAKANA", "THAI ", "LAO ", "KHMER ", "MYANMAR ")
_PIECE_CHARS: Final = 4  # of such a script, said in one breath


@dataclass(frozen=True, slots=True)
class Word:
    """A word, and whether no space stands before it."""

    at_ms: int
    end_ms: int
    text: str
    glued: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What one person says, from the first word in the clip to the last."""

    id: str
    seat: str
    name: str
    words: tuple[Word, ...]

    @property
    def at_ms(self) -> int:
        """When it begins."""
        return self.words[0].at_ms

    @property
    def end_ms(self) -> int:
        """When it ends."""
        return max(word.end_ms for word in self.words)

    @property
    def text(self) -> str:
        """The sentence, or what of it is in the clip."""
        return joined(self.words)


def sentences(transcript: Transcript, from_ms: int, to_ms: int) -> tuple[Sentence, ...]:
    """The sentences of a stretch of a transcript, in order."""
    found = []
    for cue in transcript.cues:
        if cue.end_ms <= from_ms or cue.at_ms >= to_ms:
            continue
        words = tuple(
            Word(max(0, word.at_ms - from_ms), min(to_ms, word.end_ms) - from_ms, word.text, glued)
            for word in _words(cue)
            if from_ms <= (word.at_ms + word.end_ms) // 2 < to_ms
            for glued in (word.glued,)
        )
        if words:
            name = transcript.seats.get(cue.seat, "")
            found.append(Sentence(id=cue.id, seat=cue.seat, name=name, words=words))
    return tuple(sorted(found, key=lambda one: one.at_ms))


def joined(words: tuple[Word, ...]) -> str:
    """The words as a text."""
    return "".join(word.text if word.glued else f" {word.text}" for word in words).strip()


def _words(cue: Cue) -> Iterator[Word]:
    """The words of a sentence with their times, and the spaces between them as it is written."""
    if not cue.words:
        yield from _spread(cue)
        return
    place = 0
    for at_ms, end_ms, written in cue.words:
        text = written.strip()
        found = cue.text.find(text, place)
        glued = found > 0 and not cue.text[found - 1].isspace()
        place = found + len(text) if found >= 0 else place
        if text:
            yield Word(at_ms, max(at_ms, end_ms), text, glued)


def _spread(cue: Cue) -> Iterator[Word]:
    """The words of a text that has only a beginning and an end, each as long as its letters say."""
    parts = list(pieces(cue.text))
    letters = sum(len(text) for text, _ in parts)
    before = 0
    for text, glued in parts:
        at_ms = cue.at_ms + (cue.end_ms - cue.at_ms) * before // letters
        before += len(text)
        end_ms = cue.at_ms + (cue.end_ms - cue.at_ms) * before // letters
        yield Word(at_ms, end_ms, text, glued)


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A text by its words, and whether no space stands before one; where words are not parted,
    by a few characters."""
    for word in text.split():
        start = 0
        for place in range(1, len(word)):
            unparted = _unparted(word[place]) and (
                not _unparted(word[place - 1]) or place - start >= _PIECE_CHARS
            )
            if unparted and not _joins(word, place):
                yield word[start:place], start > 0
                start = place
        yield word[start:], start > 0


def _unparted(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_UNPARTED)


def _joins(word: str, place: int) -> bool:
    """Whether a character belongs to the one before it: a mark, a vowel that is written last,
    closing punctuation; or that one to it, as Thai and Lao vowels do that are written first."""
    character = word[place]
    last = unicodedata.category(character)[0] in "MP" or character in "ะาำๆฯະາຳໆຯー"
    return last or word[place - 1] in "เแโใไເແໂໃໄ「『（"  # noqa: RUF001 - full width is meant

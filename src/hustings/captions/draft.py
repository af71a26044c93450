"""The draft of a transcript: words of all seats made into sentences, in the order of time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hustings.captions.engine import Word
from hustings.formats.transcript import Cue, Transcript

_ENDS: Final = (".", "?", "!", "…", "。", "？", "！", "؟")  # noqa: RUF001 - full-width ones are meant
_QUOTES: Final = "\"'»”’)]"  # noqa: RUF001 - as they are written
# They end with a full stop and no sentence.
_SHORT: Final = frozenset({
    *("mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "sr.", "jr.", "vs.", "etc.", "e.g.", "i.e."),
    *("no.", "nr.", "ca.", "bzw.", "z.b.", "d.h.", "u.a."),
})  # fmt: skip
_PAUSE_MS: Final = 2_000  # who stops for so long begins anew
_WORDS: Final = 60  # of a sentence: who never ends one is cut
_MS: Final = 30_000


def draft(
    words: Mapping[str, Sequence[Word]], *, seats: Mapping[str, str], language: str, engine: str
) -> Transcript:
    """The transcript: `words` by seat, `seats` names by seat."""
    found = [
        (sentence[0].at_ms, seat, sentence)
        for seat, said in words.items()
        for sentence in sentences(said)
    ]
    found.sort(key=lambda one: (one[0], one[1]))
    cues = tuple(
        Cue(
            id=f"c{number}",
            at_ms=at_ms,
            end_ms=max(word.end_ms for word in sentence),
            seat=seat,
            text=_text(sentence),
            words=tuple((word.at_ms, word.end_ms, word.text.strip()) for word in sentence),
        )
        for number, (at_ms, seat, sentence) in enumerate(found, 1)
    )
    return Transcript(language=language, engine=engine, seats=dict(seats), cues=cues)


def sentences(words: Sequence[Word]) -> Iterator[list[Word]]:
    """The words of one seat, by sentences."""
    sentence: list[Word] = []
    for word in words:
        if not word.text.strip():
            continue
        if sentence and _begins_anew(sentence, word):
            yield sentence
            sentence = []
        sentence.append(word)
    if sentence:
        yield sentence


def without(words: Sequence[Word], spans: Sequence[tuple[int, int]]) -> list[Word]:
    """The words of which nothing lies in one of the spans (milliseconds, end exclusive)."""
    return [
        word
        for word in words
        if not any(word.at_ms < end and word.end_ms > begin for begin, end in spans)
    ]


def _begins_anew(sentence: Sequence[Word], word: Word) -> bool:
    last = sentence[-1]
    if word.at_ms - last.end_ms >= _PAUSE_MS or len(sentence) >= _WORDS:
        return True
    if word.end_ms - sentence[0].at_ms > _MS:
        return True
    bare = last.text.strip().rstrip(_QUOTES)
    return bare.endswith(_ENDS) and bare.lower() not in _SHORT and not _initial(bare)


def _initial(word: str) -> bool:
    """Whether it is a letter with a full stop, as in a name."""
    return len(word) == 2 and word[0].isupper() and word[1] == "."


def _text(sentence: Sequence[Word]) -> str:
    return " ".join("".join(word.text for word in sentence).split())

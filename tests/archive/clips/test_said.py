"""The sentences of a clip: which words are in it, when, and how they are written."""

from __future__ import annotations

import pytest

from hustings.archive.clips.said import Word, pieces, sentences
from hustings.formats.transcript import Cue, Transcript
from tests.archive.clips.evening import CUES, NAMES


def _said(*cues: Cue, from_ms: int = 0, to_ms: int = 10_000) -> list[list[Word]]:
    whole = Transcript(seats=NAMES, cues=cues)
    return [list(one.words) for one in sentences(whole, from_ms, to_ms)]


def test_words_are_taken_whose_middle_is_in_the_clip() -> None:
    first, second = sentences(Transcript(seats=NAMES, cues=CUES), 1_920, 4_480)
    assert (first.text, first.name, first.at_ms, first.end_ms) == ("all.", "Ada Obi", 80, 480)
    assert second.text == "The river rose."
    assert [word.at_ms for word in second.words] == [640, 1_120, 1_760]


def test_who_speaks_first_comes_first() -> None:
    late = Cue(id="a", at_ms=0, end_ms=9, seat="a", text="b", words=((5, 9, "b"),))
    early = Cue(id="b", at_ms=0, end_ms=9, seat="b", text="a", words=((1, 4, "a"),))
    assert [one[0].text for one in _said(late, early)] == ["a", "b"]


def test_a_sentence_without_times_is_spread_by_its_letters() -> None:
    cue = Cue(id="a", at_ms=1_000, end_ms=2_000, seat="a", text="No, never again")
    assert _said(cue) == [
        [Word(1_000, 1_230, "No,"), Word(1_230, 1_615, "never"), Word(1_615, 2_000, "again")]
    ]


def test_spaces_are_as_in_the_text() -> None:
    words = ((0, 1, "洪水"), (1, 2, "は"), (2, 3, "OK"))
    cue = Cue(id="a", at_ms=0, end_ms=3, seat="a", text="洪水は OK", words=words)
    (found,) = sentences(Transcript(cues=(cue,)), 0, 3)
    assert [word.glued for word in found.words] == [False, True, False]
    assert found.text == "洪水は OK"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good  evening", ["Good", " evening"]),
        ("洪水はいつも来年だ。", ["洪水はい", "つも来年", "だ。"]),
        ("Tokyo橋", ["Tokyo", "橋"]),
        ("แม่น้ำเอาไป", ["แม่น้ำ", "เอาไป"]),
    ],
)
def test_text_in_pieces(text: str, expected: list[str]) -> None:
    found = [part if glued else f" {part}" for part, glued in pieces(text)]
    found[0] = found[0].strip()
    assert found == expected

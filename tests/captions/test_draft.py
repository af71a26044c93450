"""Words become sentences, in the order of time."""

from __future__ import annotations

from hustings.captions.draft import draft, sentences, without
from hustings.captions.engine import Word


def _said(text: str, *, at: int = 0, each: int = 300) -> list[Word]:
    return [
        Word(at + i * each, at + (i + 1) * each, f" {word}") for i, word in enumerate(text.split())
    ]


def _texts(words: list[Word]) -> list[str]:
    return ["".join(w.text for w in one).strip() for one in sentences(words)]


def test_sentences_end_where_people_end_them() -> None:
    said = _said("Mr. J. Smith said so. Did he? «Yes!» They met at no. 4 in e.g. Rome. And")
    assert _texts(said) == [
        "Mr. J. Smith said so.",
        "Did he?",
        "«Yes!»",
        "They met at no. 4 in e.g. Rome.",
        "And",
    ]


def test_a_long_pause_and_a_long_sentence_end_one() -> None:
    assert _texts([*_said("well"), *_said("so then", at=2_400)]) == ["well", "so then"]
    many = list(sentences(_said("and " * 150)))
    assert [len(one) for one in many] == [60, 60, 30]
    slow = list(sentences(_said("and " * 30, each=1_900)))
    assert all(one[-1].end_ms - one[0].at_ms <= 30_000 for one in slow)


def test_the_draft_is_in_order_and_names_its_seats() -> None:
    words = {
        "b": _said("Good evening. Welcome.", at=500),
        "a": [*_said("Yes.", at=1_200), Word(9_000, 9_100, " ")],
    }
    made = draft(words, seats={"a": "Ada", "b": "Bo"}, language="en", engine="e")
    assert [(c.id, c.seat, c.text) for c in made.cues] == [
        ("c1", "b", "Good evening."),
        ("c2", "b", "Welcome."),
        ("c3", "a", "Yes."),
    ]
    assert made.cues[0].words == ((500, 800, "Good"), (800, 1_100, "evening."))
    assert (made.cues[0].at_ms, made.cues[0].end_ms) == (500, 1_100)
    assert made.seats == {"a": "Ada", "b": "Bo"}


def test_languages_without_spaces() -> None:
    words = [Word(0, 100, "今日"), Word(100, 200, "は。"), Word(200, 300, "はい。")]
    made = draft({"a": words}, seats={}, language="ja", engine="e")
    assert [c.text for c in made.cues] == ["今日は。", "はい。"]


def test_what_was_erased_is_left_out() -> None:
    words = _said("one two three four", each=100)
    left = without(words, [(150, 200), (399, 1_000)])
    assert [w.text for w in left] == [" one", " three"]
    assert without(words, []) == words

"""What was said, as it is published."""

from __future__ import annotations

from itertools import pairwise

from hustings.archive.revising.words import erased, published
from hustings.formats.transcript import Cue, Transcript
from hustings.space.cuts import Cuts
from hustings.space.replay import Erasure
from hustings.space.replay_event import Correction

SLOT = 320
SLOTS = 40


def cue(number: int, first: int, *words: str, seat: str = "ada") -> Cue:
    """A sentence whose words last a slot each, from slot `first` on."""
    timed = tuple(
        ((first + i) * SLOT, (first + i + 1) * SLOT, word) for i, word in enumerate(words)
    )
    return Cue(
        id=f"c{number}",
        at_ms=first * SLOT,
        end_ms=(first + len(words)) * SLOT,
        seat=seat,
        text=" ".join(words),
        words=timed,
    )


DRAFT = Transcript(
    language="en",
    engine="ear",
    seats={"ada": "Ada", "ben": "Ben"},
    cues=(
        cue(1, 0, "Good", "evening."),
        cue(2, 4, "My", "number", "is", "seven."),
        cue(3, 5, "Stop", "it.", seat="ben"),
        cue(4, 20, "Good", "night."),
    ),
)
WHOLE = Cuts.of(SLOTS, dropped=())


def texts(transcript: Transcript) -> list[str]:
    return [one.text for one in transcript.cues]


def test_unchanged_it_is_the_draft() -> None:
    assert published(DRAFT, (), WHOLE, slots=SLOTS) == DRAFT


def test_words_that_were_cut_out_or_silenced_are_gone_and_the_rest_moves() -> None:
    cuts = Cuts.of(SLOTS, dropped=[(5, 8)], silenced=[(20, 21)])
    said = published(DRAFT, (), cuts, slots=SLOTS)
    assert texts(said) == ["Good evening.", "My", "night."]
    assert [one.at_ms for one in said.cues] == [0, 4 * SLOT, 18 * SLOT]
    assert said.cues[1].words == ((4 * SLOT, 5 * SLOT, "My"),)


def test_the_end_of_a_word_in_a_cut_leaves_the_word() -> None:
    late = Cue(
        id="c1",
        at_ms=100,
        end_ms=690,
        seat="ada",
        text="Hm so",
        words=((100, 300, "Hm"), (300, 690, "so")),
    )
    draft = Transcript(cues=(late,))
    cuts = Cuts.of(SLOTS, dropped=[(2, 3)])
    said = published(draft, (), cuts, slots=SLOTS)
    assert texts(said) == ["Hm so"]
    assert said.cues[0].end_ms == 640


def test_without_times_of_words_a_sentence_that_was_cut_goes_as_a_whole() -> None:
    draft = Transcript(cues=(Cue(id="c1", at_ms=0, end_ms=900, seat="ada", text="All of it."),))
    assert not published(draft, (), Cuts.of(SLOTS, dropped=[(0, 1)]), slots=SLOTS).cues


def test_the_newest_correction_of_a_sentence_counts() -> None:
    corrections = (
        Correction("c1", "Good evening.", "Good morning."),
        Correction("c1", "Good morning.", "Good afternoon."),
        Correction("c3", "Stop it.", ""),
        Correction("c4", "Good night.", "A very good night."),
        Correction("c9", "Never said.", "Ever said."),
    )
    said = published(DRAFT, corrections, WHOLE, slots=SLOTS)
    assert texts(said) == ["Good afternoon.", "My number is seven.", "A very good night."]
    assert said.cues[0].words == ((0, SLOT, "Good"), (SLOT, 2 * SLOT, "afternoon."))
    spread = said.cues[-1].words
    assert [word for _, _, word in spread] == ["A", "very", "good", "night."]
    assert (spread[0][0], spread[-1][1]) == (20 * SLOT, 22 * SLOT)
    assert all(a[1] == b[0] for a, b in pairwise(spread))


def test_an_erased_stretch_takes_the_words_of_whom_it_names() -> None:
    one_seat = Erasure(id="gone", from_ms=5 * SLOT, to_ms=7 * SLOT, seat="ben", at_ms=0, number=1)
    assert texts(erased(DRAFT, (one_seat,))) == [
        "Good evening.",
        "My number is seven.",
        "Good night.",
    ]
    everybody = Erasure(id="gone", from_ms=5 * SLOT, to_ms=7 * SLOT, seat="", at_ms=0, number=1)
    left = erased(DRAFT, (everybody,))
    assert texts(left) == ["Good evening.", "My seven.", "Good night."]
    # The clock stays: what was erased is silence in the original.
    assert left.cues[-1] == DRAFT.cues[-1]

"""Whisper hears recordings with the times of words, and no words in what is none."""

from __future__ import annotations

import pytest

from bench.speech import BECKETT, at_16k, error_rate, sample
from hustings.captions.engine import Whole, Word
from hustings.captions.hearing import BOUNDS
from hustings.captions.stretch import Stretches
from hustings.captions.whisper import Whisper, plausible, unrepeated
from tests.captions.noises import NOISES


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return Whisper(None, tmp_path_factory.mktemp("weights")).open_whole("en")


def test_a_reader_is_understood_and_words_stand_in_their_places(whisper: Whole) -> None:
    words = whisper.words(at_16k(sample("beckett.wav")))
    assert error_rate(BECKETT, "".join(word.text for word in words)) <= 0.1
    times = [word.at_ms for word in words]
    assert times == sorted(times)
    assert 1_200 < next(w for w in words if "failed" in w.text).at_ms < 2_700


@pytest.mark.parametrize("noise", NOISES)
def test_no_words_out_of_nothing(whisper: Whole, noise: str) -> None:
    """Not by the model alone: what is no voice never comes to it."""
    stretches = Stretches(BOUNDS)
    found = [*stretches.feed(NOISES[noise](), at=0), *stretches.flush()]
    assert [whisper.words(one.sound()) for one in found] == [[]] * len(found)


def _words(text: str, ms: int = 200) -> list[Word]:
    return [Word(i * ms, (i + 1) * ms, f" {word}") for i, word in enumerate(text.split())]


def test_what_comes_again_and_again_is_heard_once() -> None:
    said = _words("so thank you. Thank you. thank you. thank you. thank you. and good night")
    assert [w.text for w in unrepeated(said)] == [
        " so",
        " thank",
        " you.",
        " and",
        " good",
        " night",
    ]
    twice = _words("no no no he said")
    assert unrepeated(twice) == twice
    assert unrepeated([]) == []


def test_words_that_no_mouth_is_quick_enough_for() -> None:
    quick = [Word(0, 300, " yes"), *(Word(300, 300, f" {c}") for c in "abcdef")]
    assert plausible(quick) == quick[:1]
    one = [Word(0, 300, " a"), Word(300, 310, " b"), Word(310, 600, " c")]
    assert plausible(one) == one, "a short one between others may be a slip of the clock"

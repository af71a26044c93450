"""Moonshine hears speech, and no words in what is none."""

from __future__ import annotations

import pytest

from bench.speech import BECKETT, CITIES, at_16k, error_rate, sample
from hustings.captions.captioner import BOUNDS
from hustings.captions.engine import RATE, Live, Sound
from hustings.captions.moonshine import Moonshine
from hustings.captions.stretch import Stretch, Stretches
from tests.captions.noises import NOISES


@pytest.fixture(scope="module")
def moonshine() -> Live:
    return Moonshine(None).open_live("en")


def _stretches(sound: Sound) -> list[Stretch]:
    stretches, found = Stretches(BOUNDS), []
    for at in range(0, len(sound), 1_600):
        found += stretches.feed(sound[at : at + 1_600], at=at)
    return found + stretches.flush()


def test_readers_are_understood(moonshine: Live) -> None:
    for name, said, worst in (("beckett.wav", BECKETT, 0.2), ("two_cities.wav", CITIES, 0.1)):
        stretches = _stretches(at_16k(sample(name)))
        heard = " ".join(moonshine.final(one.sound(), before="") for one in stretches)
        assert error_rate(said, heard) <= worst
        assert max(len(one.sound()) for one in stretches) <= BOUNDS.most_ms * RATE // 1000


def test_what_was_heard_before_changes_next_to_nothing(moonshine: Live) -> None:
    """The earlier answer is a draft: it saves steps, and is put right where it was wrong."""
    sound = at_16k(sample("beckett.wav"))[: 5 * RATE]
    before = ""
    for end in range(RATE, len(sound) + 1, RATE):
        before = moonshine.partial(sound[:end], before=before)
    alone = Moonshine(None).open_live("en").final(sound, before="")
    assert error_rate(alone, before) <= 0.2


@pytest.mark.parametrize("noise", NOISES)
def test_no_words_out_of_nothing(moonshine: Live, noise: str) -> None:
    sound = NOISES[noise]()
    stretches = _stretches(sound)
    assert [moonshine.final(one.sound(), before="") for one in stretches] == [""] * len(stretches)


def test_silence_and_less_than_a_word(moonshine: Live) -> None:
    assert moonshine.final(NOISES["silence"](), before="") == ""
    assert moonshine.partial(NOISES["silence"]()[:100], before="") == ""

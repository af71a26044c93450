"""Speech is cut where nobody speaks, or where it is quietest; and silence keeps no sound."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Final

import numpy as np
import pytest

from bench.speech import at_16k, sample
from hustings.captions.engine import RATE, Sound
from hustings.captions.stretch import Bounds, Stretch, Stretches
from tests.captions.noises import NOISES

BOUNDS: Final = Bounds(pause_ms=450, long_ms=6_000, breath_ms=180, most_ms=12_000)


def _feed(stretches: Stretches, sound: Sound, *, at: int = 0, step: int = 1_600) -> list[Stretch]:
    found = []
    for i in range(0, len(sound), step):
        found += stretches.feed(sound[i : i + step], at=at + i)
    return found


def _beckett() -> Sound:
    """Six short sentences with pauses between them."""
    return at_16k(sample("beckett.wav"))


@pytest.mark.parametrize("step", [320, 1_600, 7_777])
def test_sentences_with_pauses_are_stretches(step: int) -> None:
    stretches = Stretches(BOUNDS)
    sound = _beckett()
    found = _feed(stretches, sound, step=step) + stretches.flush()
    assert len(found) == 6
    for one in found:
        own = one.sound()
        assert len(own) == one.samples
        assert np.array_equal(own, sound[one.at : one.end]), "it is the sound of its place"
        assert one.at < one.voice_end <= one.end
    for one, other in pairwise(found):
        assert one.end <= other.at


def test_who_never_pauses_is_cut_where_it_is_quietest() -> None:
    bounds = dataclasses.replace(BOUNDS, pause_ms=60_000, breath_ms=60_000, most_ms=5_000)
    stretches = Stretches(bounds)
    sound = at_16k(sample("two_cities.wav"))[: 20 * RATE]
    found = _feed(stretches, sound) + stretches.flush()
    assert len(found) >= 4
    for one, other in pairwise(found):
        assert one.end == other.at, "nothing between them is lost"
        assert one.samples <= 5 * RATE
        edge = np.concatenate((one.sound()[-800:], other.sound()[:800]))
        assert np.sqrt((edge**2).mean()) < np.sqrt((one.sound() ** 2).mean()) / 2


def test_a_hole_ends_what_was_open() -> None:
    stretches = Stretches(BOUNDS)
    sound = _beckett()[: round(1.2 * RATE)]
    assert _feed(stretches, sound) == []
    assert stretches.open is not None
    (ended,) = stretches.feed(sound[:1_600], at=10 * RATE)
    assert ended.end <= len(sound)
    assert stretches.open is None or stretches.open.at >= 10 * RATE - RATE // 4


@pytest.mark.parametrize("noise", ["silence", "quiet hiss", "hiss", "loud hiss", "clicks"])
def test_noise_is_no_stretch_and_is_not_kept(noise: str) -> None:
    stretches = Stretches(BOUNDS)
    assert _feed(stretches, NOISES[noise]()) == []
    assert stretches.open is None
    assert stretches.flush() == []

"""Arrival curves, and the pauses of players that come back."""

from __future__ import annotations

import itertools
import random
import statistics

import pytest

from hustings.drills import load_arrivals
from hustings.errors import BadInput


def times(text: str, count: int = 2_000) -> list[float]:
    return load_arrivals.seconds(load_arrivals.parse(text), count, random.Random(7))


def test_all_come_at_once() -> None:
    assert times("step", 3) == [0.0, 0.0, 0.0]


def test_they_come_evenly() -> None:
    assert times("ramp:10", 5) == [0.0, 2.0, 4.0, 6.0, 8.0]


def test_a_herd_comes_within_a_quarter_of_a_second_spread_evenly() -> None:
    came = times("herd")
    assert came == sorted(came)
    assert 0 <= came[0] < 0.005
    assert 0.245 < came[-1] <= 0.25
    assert statistics.mean(came) == pytest.approx(0.125, abs=0.01)


def test_people_come_by_themselves_at_a_rate() -> None:
    came = times("poisson:100")
    assert came[-1] == pytest.approx(20.0, rel=0.1)
    apart = [b - a for a, b in itertools.pairwise(came)]
    # Of an exponential distribution, mean and deviation are the same.
    assert statistics.stdev(apart) == pytest.approx(statistics.mean(apart), rel=0.1)


def test_a_seed_gives_the_same_arrivals_in_every_worker() -> None:
    assert times("poisson:5", 50) == times("poisson:5", 50)


@pytest.mark.parametrize(
    "text", ["", "steps", "step:3", "herd:1", "ramp", "ramp:", "ramp:x", "ramp:-1", "poisson:0"]
)
def test_no_other_curve_is_taken(text: str) -> None:
    with pytest.raises(BadInput, match="arrivals"):
        load_arrivals.parse(text)


def test_pauses_are_uniform_below_a_bound_that_doubles() -> None:
    dice = random.Random(7)
    for tries, bound in ((0, 0.25), (1, 0.5), (2, 1.0), (5, 8.0), (50, 8.0)):
        pauses = [load_arrivals.pause(tries, None, dice) for _ in range(500)]
        assert 0.9 * bound < max(pauses) <= bound
        assert min(pauses) < 0.1 * bound


def test_what_a_server_asks_for_is_kept_to() -> None:
    dice = random.Random(7)
    pauses = [load_arrivals.pause(0, 5.0, dice) for _ in range(100)]
    assert min(pauses) >= 5.0
    assert len({round(pause, 3) for pause in pauses}) > 50

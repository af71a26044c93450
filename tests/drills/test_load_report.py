"""Tallies add up, quantiles are true, and the order of promotions is judged."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from hustings.drills.load_report import Promotion, Report, Sample, Spread, Tally, merged


def report(**values: Any) -> Report:
    empty: dict[str, Any] = {
        "url": "",
        "seconds": 1.0,
        "listeners": 1,
        "rungs": {},
        "healthy": Tally(),
        "slow": None,
        "stalled": None,
        "promotions": [],
        "mismatches": 0,
        "filled": 0,
        "distinct": 0,
        "workers": 1,
        "load_cores": 0.0,
        "server": None,
        "timeline": [],
    }
    return Report(**{**empty, **values})


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.99, 1.0])
def test_quantiles_are_true_to_one_per_cent(share: float) -> None:
    dice = random.Random(3)
    values = sorted(dice.lognormvariate(3, 1.5) for _ in range(5_000))
    spread = Spread()
    for value in values:
        spread.add(value)
    exact = values[max(0, round(share * len(values)) - 1)]
    assert spread.quantile(share) == pytest.approx(exact, rel=0.012)


def test_of_nothing_there_is_no_quantile() -> None:
    assert Spread().quantile(0.5) is None
    assert Spread().figures() == {"count": 0, "p50": None, "p90": None, "p99": None, "max": None}
    zero = Spread()
    zero.add(0.0)
    assert zero.quantile(0.5) == 0.0


def test_tallies_of_workers_add_up() -> None:
    one, other = (
        Tally(arrived=2, gap_ms_max=320, refused={"a": 1}),
        Tally(arrived=3, gap_ms_max=640),
    )
    other.refused["a"] = 4
    other.by_slot[7] = 2
    one.audio_ms.add(10)
    other.audio_ms.add(30)
    one.mistake("x")
    other.mistake("x")
    other.mistake("y")
    both = merged([one, other])
    assert (both.arrived, both.gap_ms_max, both.refused, both.by_slot) == (5, 640, {"a": 5}, {7: 2})
    assert (both.audio_ms.count, both.audio_ms.max) == (2, 30)
    assert (both.mistakes, both.words) == (3, ["x", "y"])
    assert (one.arrived, other.arrived) == (2, 3)


def test_samples_travel() -> None:
    tally = Tally(by_slot={3: 4})
    tally.stall_ms.add(12)
    sample = Sample(at_s=1.0, tallies={"healthy": tally}, rungs={"live": 1}, cpu_s=0.5)
    sample.promotions.append(Promotion(1.0, 2, 3))
    assert msgspec.json.decode(msgspec.json.encode(sample), type=Sample) == sample


def test_order_of_promotions() -> None:
    in_turn = report(promotions=[Promotion(2.0, 2, 2), Promotion(1.0, 1, 2), Promotion(3.0, 3, 4)])
    assert (in_turn.promoted, in_turn.in_order, in_turn.overtaken_max) == ([1, 2, 3], True, 0)
    together = report(promotions=[Promotion(1.0, 4, 5), Promotion(2.0, 1, 5)])
    assert (together.in_order, together.overtaken_max) == (True, 3)
    early = report(promotions=[Promotion(1.0, 4, 3)])
    assert not early.in_order


def test_wrong_bytes_are_not_sound() -> None:
    assert report().sound
    assert not report(mismatches=1).sound
    assert not report(healthy=Tally(mistakes=1)).sound
    assert not report(healthy=Tally(repeated=1)).sound


def test_the_json_has_everything() -> None:
    tally = Tally(by_slot={1: 7, 2: 9}, admitted=3)
    one = report(healthy=tally, rungs={"live": 2, "segments": 1, "text": 4})
    document = one.as_json()
    assert document["playing"] == 3
    assert document["healthy"]["attempts_per_100_ms_max"] == 9
    assert document["healthy"]["stall_ms"]["count"] == 0
    assert msgspec.json.decode(msgspec.json.encode(document)) == document

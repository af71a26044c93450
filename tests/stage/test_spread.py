"""The target follows the spread of arrivals: up at once, down slowly, outages left out."""

from __future__ import annotations

from random import Random

import pytest

from hustings import limits
from hustings.stage.spread import Spread


def test_even_arrivals_need_the_least() -> None:
    spread = Spread(target_ms=40)
    for i in range(5_000):
        spread.add(arrived_ms=1_000 + 20 * i, sent_ms=20 * i)
    assert spread.target_ms == pytest.approx(limits.JITTER_TARGET_MS_MIN, abs=0.5)


def test_it_grows_at_once_and_shrinks_slowly() -> None:
    dice = Random(1)
    spread = Spread(target_ms=40)
    for i in range(400):
        spread.add(arrived_ms=20 * i + dice.uniform(0, 100), sent_ms=20 * i)
    assert spread.target_ms == pytest.approx(118, abs=6)
    for i in range(400, 800):
        spread.add(arrived_ms=20 * i + 50, sent_ms=20 * i)
    assert spread.target_ms > 60
    for i in range(800, 4_000):
        spread.add(arrived_ms=20 * i + 50, sent_ms=20 * i)
    assert spread.target_ms < 25


def test_a_line_that_loses_needs_two_packets_for_a_while() -> None:
    spread = Spread(target_ms=20)
    spread.lose()
    for i in range(10):
        spread.add(arrived_ms=20 * i, sent_ms=20 * i)
    assert spread.target_ms == 40
    for i in range(10, 5_000):
        spread.add(arrived_ms=20 * i, sent_ms=20 * i)
    assert spread.target_ms == pytest.approx(limits.JITTER_TARGET_MS_MIN, abs=0.5)


def test_it_is_bounded() -> None:
    dice = Random(2)
    spread = Spread(target_ms=40)
    for i in range(400):
        spread.add(arrived_ms=20 * i + dice.uniform(0, 1_000), sent_ms=20 * i)
    assert spread.target_ms == limits.JITTER_TARGET_MS_MAX


def test_an_outage_is_not_jitter() -> None:
    spread = Spread(target_ms=20)
    for i in range(400):
        late_ms = max(0, 2_000 - 20 * (i - 200)) if i >= 200 else 0
        spread.add(arrived_ms=20 * i + late_ms, sent_ms=20 * i)
    assert spread.target_ms < limits.JITTER_TARGET_MS_MAX


def test_drift_is_not_jitter() -> None:
    spread = Spread(target_ms=20)
    for i in range(30_000):
        spread.add(arrived_ms=20 * i * 1.0002, sent_ms=20 * i)
    assert spread.target_ms < 25


def test_clear_keeps_the_target() -> None:
    spread = Spread(target_ms=90)
    spread.add(arrived_ms=0, sent_ms=0)
    spread.clear()
    for i in range(10):
        spread.add(arrived_ms=20 * i, sent_ms=1_000_000 + 20 * i)
    assert spread.target_ms == pytest.approx(90, abs=2)

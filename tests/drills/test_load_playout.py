"""The model of the player: when it begins, and when it stands still."""

from __future__ import annotations

import pytest

from hustings.drills.load_playout import Playout
from hustings.drills.load_report import Tally


def test_sound_in_time_never_stalls() -> None:
    tally = Tally()
    played = Playout(tally, step_s=0.32)
    played.heard(0.96, 10.0)
    for step in range(1, 100):
        played.heard(0.32, 10.0 + step * 0.32 + 0.5 * (step % 2))
    played.leave(10.0 + 100 * 0.32)
    assert tally.stall_ms.count == 0


def test_it_waits_until_it_holds_the_target() -> None:
    played = Playout(Tally(), step_s=0.32)
    played.heard(0.32, 10.0)
    played.heard(0.32, 10.32)
    assert not played.playing
    played.heard(0.32, 10.64)
    assert played.dry_s == pytest.approx(10.64 + 0.9)


def test_a_burst_is_not_all_played() -> None:
    played = Playout(Tally(), step_s=0.32)
    played.heard(3.2, 10.0)
    assert played.dry_s == pytest.approx(10.9)


def test_what_comes_too_late_is_a_stall_of_that_length() -> None:
    tally = Tally()
    played = Playout(tally, step_s=0.32)
    played.heard(0.96, 10.0)
    played.heard(0.32, 11.4)
    assert (tally.stall_ms.count, tally.stalled) == (1, 1)
    assert tally.stall_ms.max == pytest.approx(500)
    assert played.dry_s == pytest.approx(11.72)
    played.heard(0.32, 12.0)
    assert (tally.stall_ms.count, tally.stalled) == (2, 1)


def test_a_slower_cadence_has_a_longer_target() -> None:
    tally = Tally()
    played = Playout(tally, step_s=0.32)
    played.step(1.92)
    played.heard(2.56, 10.0)
    played.heard(1.92, 12.4)
    assert tally.stall_ms.count == 0


def test_who_stands_still_at_the_end_is_counted() -> None:
    tally = Tally()
    played = Playout(tally, step_s=0.32)
    played.leave(5.0)
    assert tally.stall_ms.count == 0
    played.heard(0.96, 10.0)
    played.leave(12.9)
    assert tally.stall_ms.max == pytest.approx(2_000)

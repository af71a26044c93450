"""The speakers' clocks: of minutes that were given, and of an equal share."""

from __future__ import annotations

import pytest

from hustings.space.clocks import Clock, clocks
from hustings.space.floor import FloorTime, SeatFloor


def floor(**minutes: float) -> FloorTime:
    return FloorTime(
        on_air_ms=3_600_000,
        seats={name: SeatFloor(talk_ms=round(each * 60_000)) for name, each in minutes.items()},
    )


@pytest.mark.parametrize(
    ("minutes", "level"),
    [(0.0, ""), (3.9, ""), (4.0, "near"), (4.99, "near"), (5.0, "over"), (9.0, "over")],
)
def test_of_five_minutes(minutes: float, level: str) -> None:
    clock = clocks(floor(ann=minutes), ["ann", "bob"], speaker_s=300)["ann"]
    assert (clock.allowance_ms, clock.level) == (300_000, level)
    assert clock.used == pytest.approx(minutes / 5)


def test_who_has_said_nothing_has_a_clock_too() -> None:
    assert clocks(floor(), ["bob"], speaker_s=60) == {"bob": Clock(60_000, 0.0, "")}
    assert clocks(floor(), [], speaker_s=60) == {}
    assert clocks(floor(), ["bob"], speaker_s=0) == {"bob": Clock(0, 0.0, "")}


def test_of_an_equal_share() -> None:
    found = clocks(floor(ann=6, bob=2, cem=4), ["ann", "bob", "cem"], speaker_s=0)
    assert {name: (one.allowance_ms, one.used, one.level) for name, one in found.items()} == {
        "ann": (240_000, 1.5, "over"),
        "bob": (240_000, 0.5, ""),
        "cem": (240_000, 1.0, "near"),  # just the share, and not more
    }


def test_who_has_spoken_and_left_has_had_a_share() -> None:
    found = clocks(floor(ann=4, gone=8), ["ann", "bob"], speaker_s=0)
    assert found.keys() == {"ann", "bob"}
    assert found["ann"].allowance_ms == 240_000


def test_the_first_words_of_an_evening_are_no_unequal_share() -> None:
    assert clocks(floor(ann=0.5), ["ann", "bob"], speaker_s=0)["ann"].level == ""
    assert clocks(floor(ann=2.0), ["ann", "bob"], speaker_s=0)["ann"].level == "over"

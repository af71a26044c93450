"""Delays from two lists of slots: the newest that was said before it was heard."""

from __future__ import annotations

from bench.stage.ears import between_ms


def test_each_slot_is_matched_with_its_own_round_of_the_code() -> None:
    said = {1_000.0 + 100 * i: i % 80 for i in range(200)}
    heard = {1_090.0 + 100 * i: i % 80 for i in range(5, 200)}
    assert between_ms(said, heard) == [90.0] * 195


def test_what_was_said_before_anybody_looked_is_left_out() -> None:
    assert between_ms({5_000.0: 7}, {4_900.0: 7, 5_080.0: 7, 5_100.0: 8}) == [80.0]

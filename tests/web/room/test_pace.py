"""Paces: bursts, distances, other nodes' times, and a bound on persons."""

from __future__ import annotations

from hustings.web.room.pace import Pace


def pace(persons: int = 100) -> Pace:
    return Pace(count=3, span_ms=10_000, persons=persons)


def test_a_burst_is_let_through_and_no_more() -> None:
    some = pace()
    for at in (0, 100, 200):
        assert some.wait_ms("a", now_ms=at) == 0
        some.note("a", at)
    assert some.wait_ms("a", now_ms=300) == 9_700
    assert some.wait_ms("b", now_ms=300) == 0
    assert some.wait_ms("a", now_ms=10_000) == 0


def test_slow_mode_keeps_two_apart() -> None:
    some = pace()
    some.note("a", 1_000)
    assert some.wait_ms("a", now_ms=4_000, apart_ms=30_000) == 27_000
    assert some.wait_ms("a", now_ms=31_000, apart_ms=30_000) == 0


def test_what_is_told_twice_counts_once() -> None:
    some = pace()
    for at in (0, 0, 100, 100):
        some.note("a", at)
    assert some.wait_ms("a", now_ms=200) == 0


def test_what_was_not_done_does_not_count() -> None:
    some = pace()
    for at in (0, 100, 200):
        some.note("a", at)
    some.undo("a", 200)
    assert some.wait_ms("a", now_ms=300) == 0


def test_persons_are_bounded() -> None:
    some = pace(persons=2)
    for person in ("a", "b", "c"):
        some.note(person, 0)
    assert some.wait_ms("a", now_ms=1, apart_ms=1_000) == 0
    assert some.wait_ms("c", now_ms=1, apart_ms=1_000) == 999

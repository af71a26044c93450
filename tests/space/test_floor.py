"""The floor, counted on conversations of which the answer is known. Times are seconds."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hustings.space.floor import BACKCHANNEL_MS, Floor, FloorTime, SeatFloor, count

Said = tuple[str, float, float]


def talk(*said: Said, lasts: float = 60, rests: tuple[float, ...] = ()) -> FloorTime:
    """The figures of a conversation."""
    speeches = [(seat, round(begin * 1000), round(end * 1000)) for seat, begin, end in said]
    return count(speeches, on_air_ms=round(lasts * 1000), rests=[round(1000 * at) for at in rests])


def seat(talked: float, turns: int, longest: float, *more: float) -> SeatFloor:
    """A seat's figures: seconds talked, turns, longest; interruptions made, suffered; overlap."""
    made, suffered, overlap = [*more, 0, 0, 0][:3]
    return SeatFloor(
        talk_ms=round(talked * 1000),
        turns=turns,
        longest_ms=round(longest * 1000),
        interruptions=round(made),
        interrupted=round(suffered),
        overlap_ms=round(overlap * 1000),
    )


KNOWN: Final[dict[str, tuple[tuple[Said, ...], dict[str, SeatFloor]]]] = {
    "one after the other": (
        (("ann", 0, 5), ("bob", 5.4, 8.4), ("ann", 9, 11)),
        {"ann": seat(7, 2, 5), "bob": seat(3, 1, 3)},
    ),
    "a pause inside a turn belongs to it": (
        (("ann", 0, 5), ("ann", 6, 8), ("ann", 8.5, 10)),
        {"ann": seat(8.5, 1, 10)},
    ),
    "a lapse ends a turn, though the same goes on": (
        (("ann", 0, 5), ("ann", 8.1, 10)),
        {"ann": seat(6.9, 2, 5)},
    ),
    "a word of assent takes no turn and interrupts nobody": (
        (("ann", 0, 10), ("bob", 4, 4.6), ("bob", 7, 7.9)),
        {"ann": seat(10, 1, 10, 0, 0, 1.5), "bob": seat(1.5, 0, 0, 0, 0, 1.5)},
    ),
    "a word of assent in a pause leaves the turn whole": (
        (("ann", 0, 5), ("bob", 5.1, 5.5), ("ann", 5.8, 9)),
        {"ann": seat(8.2, 1, 9), "bob": seat(0.4, 0, 0)},
    ),
    "an interruption that takes the floor": (
        (("ann", 0, 6), ("bob", 5, 10)),
        {"ann": seat(6, 1, 6, 0, 1, 1), "bob": seat(5, 1, 5, 1, 0, 1)},
    ),
    "an interruption that is talked down": (
        (("ann", 0, 10), ("bob", 4, 6)),
        {"ann": seat(10, 1, 10, 0, 1, 2), "bob": seat(2, 0, 0, 1, 0, 2)},
    ),
    "who comes in on the last word does not interrupt": (
        (("ann", 0, 6), ("bob", 5.75, 10)),
        {"ann": seat(6, 1, 6, 0, 0, 0.25), "bob": seat(4.25, 1, 4.25, 0, 0, 0.25)},
    ),
    "who begins together does not interrupt": (
        (("ann", 0, 4), ("bob", 0.25, 6)),
        {"ann": seat(4, 1, 4, 0, 0, 3.75), "bob": seat(5.75, 1, 5.75, 0, 0, 3.75)},
    ),
    "talking over a word of assent is no interruption": (
        (("ann", 0, 4), ("bob", 4.4, 5.2), ("cem", 4.8, 8)),
        {
            "ann": seat(4, 1, 4),
            "bob": seat(0.8, 0, 0, 0, 0, 0.4),
            "cem": seat(3.2, 1, 3.2, 0, 0, 0.4),
        },
    ),
    "two at once are interrupted by a third": (
        (("ann", 0, 8), ("bob", 2, 8), ("cem", 5, 12)),
        {
            "ann": seat(8, 1, 8, 0, 2, 6),
            "bob": seat(6, 0, 0, 1, 1, 6),
            "cem": seat(7, 1, 7, 2, 0, 3),
        },
    ),
    "after an interruption the first goes on: that is another turn": (
        (("ann", 0, 6), ("bob", 5, 9), ("ann", 8.9, 12)),
        {"ann": seat(9.1, 2, 6, 0, 1, 1.1), "bob": seat(4, 1, 4, 1, 0, 1.1)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", KNOWN)
def test_known_conversations(what: str) -> None:
    said, expected = KNOWN[what]
    assert talk(*said).seats == expected


def test_silence_overlap_and_shares_of_the_whole() -> None:
    found = talk(("ann", 0, 6), ("bob", 5, 10), ("cem", 20, 20.9), lasts=30)
    assert found.on_air_ms == 30_000
    assert found.overlap_ms == 1_000
    assert found.silence_ms == 30_000 - 10_000 - 900
    assert found.talk_ms == 11_900
    assert found.share("ann") == pytest.approx(6 / 11.9)
    assert found.share("nobody") == 0.0


def test_nobody_has_said_anything() -> None:
    assert talk(lasts=5) == FloorTime(on_air_ms=5_000, silence_ms=5_000)


def test_no_turn_goes_on_across_a_time_off_air() -> None:
    assert talk(("ann", 0, 5), ("ann", 6, 9)).seats["ann"].longest_ms == 9_000
    apart = talk(("ann", 0, 5), ("ann", 6, 9), rests=(5.5,)).seats["ann"]
    assert (apart.turns, apart.longest_ms) == (2, 5_000)


def test_who_speaks_is_counted_up_to_now_and_without_a_trace() -> None:
    floor = Floor()
    floor.begin("ann", 0)
    first = floor.figures(700, on_air_ms=700).seats["ann"]
    assert first == SeatFloor(talk_ms=700, speaking=True)  # it may be a word of assent still
    assert floor.figures(700, on_air_ms=700).seats["ann"] == first
    floor.begin("bob", 2_000)
    then = floor.figures(3_500, on_air_ms=3_500)
    assert then.seats["ann"] == replace(seat(3.5, 1, 3.5, 0, 1, 1.5), speaking=True)
    assert then.seats["bob"] == replace(seat(1.5, 0, 0, 1, 0, 1.5), speaking=True)
    floor.end("ann", 4_000)
    floor.end("bob", 6_000)
    assert floor.speaking == frozenset()
    assert floor.figures(9_000, on_air_ms=9_000).seats == {
        "ann": seat(4, 1, 4, 0, 1, 2),
        "bob": seat(4, 1, 4, 1, 0, 2),
    }


def test_what_is_told_twice_counts_once() -> None:
    floor = Floor()
    floor.end("ann", 10)
    for at_ms in (100, 300):
        floor.begin("ann", at_ms)
    for at_ms in (1_500, 1_900):
        floor.end("ann", at_ms)
    assert floor.figures(2_000, on_air_ms=2_000).talk_ms == 1_400


SEATS: Final = ("ann", "bob", "cem", "dot")
LASTS_MS: Final = 120_000


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[str, int, int]]:
    """Stretches of speech that do not overlap within a seat, as the stage tells them."""
    said = []
    for name in SEATS:
        at = 0
        for pause, length in draw(
            st.lists(st.tuples(st.integers(1, 400), st.integers(1, 300)), max_size=12)
        ):
            begin = at + pause * 20
            at = begin + length * 20
            if at <= LASTS_MS:
                said.append((name, begin, at))
    return said


@settings(deadline=None)
@given(conversations())
def test_the_figures_agree_with_each_other(said: list[tuple[str, int, int]]) -> None:
    found = count(said, on_air_ms=LASTS_MS)
    seats = found.seats
    assert {name for name, _, _ in said} == set(seats)
    for name, one in seats.items():
        own = [(begin, end) for who, begin, end in said if who == name]
        assert one.talk_ms == sum(end - begin for begin, end in own)
        assert 0 <= one.overlap_ms <= one.talk_ms <= LASTS_MS
        assert one.turns <= sum(end - begin >= BACKCHANNEL_MS for begin, end in own)
        assert (one.longest_ms >= BACKCHANNEL_MS) == (one.turns > 0)
    if said:
        assert sum(found.share(name) for name in seats) == pytest.approx(1)
    made = sum(one.interruptions for one in seats.values())
    assert made == sum(one.interrupted for one in seats.values())
    # Tick by tick, as plainly as can be.
    speaking = [sum(b <= at < e for _, b, e in said) for at in range(0, LASTS_MS, 20)]
    assert found.silence_ms == 20 * speaking.count(0)
    assert found.overlap_ms == 20 * sum(many > 1 for many in speaking)


@settings(deadline=None)
@given(conversations(), st.integers(0, LASTS_MS))
def test_looking_on_changes_nothing(said: list[tuple[str, int, int]], at: int) -> None:
    """Told one by one with looks in between, it is the same as told at once."""
    floor = Floor()
    edges = sorted(edge for name, begin, end in said for edge in ((begin, 1, name), (end, 0, name)))
    for at_ms, begins, name in edges:
        (floor.begin if begins else floor.end)(name, at_ms)
        floor.figures(at_ms + at, on_air_ms=LASTS_MS)
    assert floor.figures(LASTS_MS, on_air_ms=LASTS_MS) == count(said, on_air_ms=LASTS_MS)

"""Which chunks become the replay: order, spans, gaps, epochs."""

from __future__ import annotations

import random

import msgspec
import pytest

from hustings import limits
from hustings.archive.slots import Slot, Slots
from hustings.chunk import Chunk, Programme, silent


def _chunk(n: int, *, live: bool = True, epoch: int = 1) -> Chunk:
    made = silent(n, epoch=epoch, programme=Programme.LIVE if live else Programme.HOLD)
    return msgspec.structs.replace(made, boottime_ns=epoch * 1_000_000 + n)


def _play(slots: Slots, *numbers: int, live: bool = True, epoch: int = 1) -> list[Slot]:
    return [s for n in numbers for s in slots.add(_chunk(n, live=live, epoch=epoch), 5)]


def _shape(out: list[Slot]) -> list[tuple[int, int, bool]]:
    return [(slot.index, slot.n, slot.chunk is not None) for slot in out]


def test_hold_sound_is_not_in_the_replay() -> None:
    slots = Slots()
    out = _play(slots, 0, 1, live=False)
    slots.mark(2, live=True)
    out += _play(slots, 2, 3, 4)
    slots.mark(5, live=False)
    out += _play(slots, 5, 6, live=False)
    slots.mark(7, live=True)
    out += _play(slots, 7) + slots.finish()
    assert _shape(out) == [(0, 2, True), (1, 3, True), (2, 4, True), (3, 7, True)]
    assert [slot.opens for slot in out] == [True, False, False, True]
    assert [slot.closes for slot in out] == [False, False, True, True]
    assert [slot.after.n if slot.after else None for slot in out] == [3, 4, 5, None]


def test_a_missing_number_is_a_gap() -> None:
    slots = Slots()
    slots.mark(0, live=True)
    out = _play(slots, 0, 1, 4) + slots.finish()
    assert _shape(out) == [(0, 0, True), (1, 1, True), (2, 2, False), (3, 3, False), (4, 4, True)]
    assert not any(slot.opens for slot in out[1:])


def test_edges_that_are_missing_are_known_by_their_marks() -> None:
    slots = Slots()
    slots.mark(3, live=True)
    out = _play(slots, 5, 6)
    slots.mark(9, live=False)
    out += slots.finish()
    assert [slot.n for slot in out] == [3, 4, 5, 6, 7, 8]
    assert [slot.chunk is not None for slot in out] == [False, False, True, True, False, False]


def test_a_mark_may_come_after_its_chunk() -> None:
    slots = Slots()
    out = _play(slots, 0, live=False) + _play(slots, 1, 2)
    slots.mark(1, live=True)
    out += _play(slots, 3, live=False)
    slots.mark(3, live=False)
    out += slots.finish()
    assert _shape(out) == [(0, 1, True), (1, 2, True)]


def test_a_takeover_in_a_hold_makes_no_gap() -> None:
    slots = Slots()
    slots.mark(0, live=True)
    out = _play(slots, 0, 1)
    slots.mark(2, live=False)
    out += _play(slots, 2, live=False)
    slots.taken(900, 9)
    out += _play(slots, 900, live=False, epoch=9)
    slots.mark(901, live=True)
    out += _play(slots, 901, epoch=9) + slots.finish()
    assert _shape(out) == [(0, 0, True), (1, 1, True), (2, 901, True)]


def test_of_two_chunks_with_one_number_the_greater_epoch_counts() -> None:
    for order in ((1, 7), (7, 1)):
        slots = Slots()
        out = _play(slots, 0, epoch=1)
        for epoch in order:
            out += _play(slots, 1, epoch=epoch)
        out += slots.finish()
        assert [slot.chunk.epoch for slot in out if slot.chunk] == [1, 7]
        assert slots.doubles == 1


def test_a_replaced_stage_counts_no_more() -> None:
    slots = Slots()
    out = _play(slots, 0, 1, epoch=1)
    slots.taken(2, 7)
    out += _play(slots, 2, epoch=1) + _play(slots, 3, epoch=7) + _play(slots, 4, epoch=1)
    out += slots.finish()
    assert [(slot.n, slot.chunk.epoch if slot.chunk else None) for slot in out] == [
        (0, 1), (1, 1), (2, None), (3, 7), (4, None),
    ]  # fmt: skip
    assert slots.doubles == 2


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_log_does_not_matter_within_bounds(seed: int) -> None:
    choice = random.Random(seed)
    numbers = [n for n in range(300) if choice.random() > 0.1]
    live = {n: 40 <= n < 120 or 150 <= n < 290 for n in numbers}
    expected = Slots()
    wanted = [s for n in numbers for s in expected.add(_chunk(n, live=live[n]), 0)]
    wanted += expected.finish()
    shuffled = sorted(numbers, key=lambda n: n + choice.random() * (limits.LOG_ORDER_CHUNKS - 2))
    slots = Slots()
    got = [s for n in shuffled for s in slots.add(_chunk(n, live=live[n]), 0)]
    got += slots.finish()
    assert _shape(got) == _shape(wanted)
    assert [s.index for s in got] == list(range(len(got)))


def test_a_chunk_that_is_far_too_late_is_counted() -> None:
    slots = Slots()
    _play(slots, *range(1, 100))
    assert slots.add(_chunk(0), 0) == []
    assert slots.unplaced == 1


def test_a_number_out_of_all_bounds_tears_no_hole() -> None:
    slots = Slots()
    out = _play(slots, 0, 1, 10**12, 2)
    slots.mark(10**13, live=False)
    out += slots.finish()
    assert _shape(out) == [(0, 0, True), (1, 1, True), (2, 2, True)]
    assert slots.unplaced == 1


def test_whether_more_is_expected() -> None:
    slots = Slots()
    seen = [slots.on_air]
    slots.mark(1, live=True)
    seen.append(slots.on_air)
    _play(slots, 1, 2)
    seen.append(slots.on_air)
    slots.mark(3, live=False)
    seen.append(slots.on_air)
    assert seen == [False, True, True, False]

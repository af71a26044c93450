"""The ring orders, refuses, fills and keeps: without a clock of its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hustings import limits
from hustings.chunk import Chunk, silent
from hustings.edge.ring import Ring, Slot


def chunk(n: int, epoch: int = 1) -> Chunk:
    made = silent(n, epoch=epoch)
    # Anything but silence, to be told from what the ring fills in.
    return Chunk(**{f: getattr(made, f) for f in made.__struct_fields__} | {"boot_id": b"x" * 16})


def numbers(slots: list[Slot]) -> list[tuple[int, bool]]:
    return [(slot.n, slot.filled) for slot in slots]


def test_chunks_come_twice_and_go_out_once() -> None:
    ring = Ring()
    given_out = [slot.n for n in (5, 5, 6, 5, 7, 6) for slot in ring.put(chunk(n), now_s=0)]
    assert given_out == [5, 6, 7]


def test_a_later_number_fills_what_is_missing() -> None:
    ring = Ring()
    ring.put(chunk(5), now_s=0)
    assert numbers(ring.put(chunk(8), now_s=1)) == [(6, True), (7, True), (8, False)]
    assert ring.filled == 2


def test_what_is_overdue_is_filled_at_the_programmes_pace() -> None:
    ring = Ring()
    assert ring.due_s() is None
    ring.put(chunk(5), now_s=100)
    assert ring.fill(now_s=101.31) == []
    assert ring.due_s() == 101.32
    assert numbers(ring.fill(now_s=101.321)) == [(6, True)]
    assert numbers(ring.fill(now_s=102.0)) == [(7, True), (8, True)]
    # Those that come after all are late for push, and true for whoever resumes.
    assert ring.put(chunk(7), now_s=102.0) == []
    assert ring.late == 1
    assert numbers(ring.since(6) or []) == [(6, True), (7, False), (8, True)]
    assert numbers(ring.put(chunk(9), now_s=102.1)) == [(9, False)]


def test_a_path_that_becomes_slower_costs_silence_once() -> None:
    ring, late_s = Ring(), 1.5
    ring.put(chunk(0), now_s=0.0)
    heard: list[tuple[int, bool]] = []
    for n in range(1, 20):
        arrives_s = n * 0.32 + late_s
        heard += numbers(ring.fill(now_s=arrives_s))
        heard += numbers(ring.put(chunk(n), now_s=arrives_s))
    assert [n for n, _ in heard] == list(range(1, 20))
    assert [n for n, filled in heard if filled] == [1, 2]


def test_old_chunks_that_the_log_brings_later_change_no_pace() -> None:
    ring = Ring()
    for n in (5, 7):
        ring.put(chunk(n), now_s=100)
    due_s = ring.due_s()
    ring.put(chunk(6), now_s=130)
    assert ring.late == 1
    assert ring.due_s() == due_s


def test_a_replaced_stage_is_not_heard() -> None:
    ring = Ring()
    ring.put(chunk(5, epoch=2), now_s=0)
    assert ring.put(chunk(6, epoch=1), now_s=0) == []
    assert ring.refused == 1
    assert numbers(ring.put(chunk(6, epoch=3), now_s=0)) == [(6, False)]
    assert ring.put(chunk(7, epoch=2), now_s=0) == []


def test_a_hole_longer_than_the_ring_is_jumped() -> None:
    ring = Ring()
    ring.put(chunk(5), now_s=0)
    out = numbers(ring.put(chunk(5_000, epoch=2), now_s=0))
    assert len(out) == limits.RING_CHUNKS + 1
    assert out[-1] == (5_000, False)


def test_filling_ends_before_a_stage_could_come_back_behind_it() -> None:
    ring = Ring()
    ring.put(chunk(0), now_s=0)
    assert 1_000 < len(ring.fill(now_s=1e9)) < limits.CHUNKS_SKIP_MAX
    assert ring.due_s() is None


def test_it_reaches_back_so_far_and_no_further() -> None:
    ring = Ring()
    for n in range(100):
        ring.put(chunk(n), now_s=0)
    first = 100 - limits.RING_CHUNKS
    assert ring.oldest() == first
    assert ring.since(first - 1) is None
    assert [slot.n for slot in ring.since(first) or []] == list(range(first, 100))
    assert ring.since(100) == []


@given(st.lists(st.tuples(st.integers(0, 80), st.integers(1, 3)), max_size=120))
def test_whatever_comes_numbers_go_out_once_and_in_order(
    arrivals: list[tuple[int, int]],
) -> None:
    ring = Ring()
    out: list[int] = []
    for at, (n, epoch) in enumerate(arrivals):
        out += [slot.n for slot in ring.put(chunk(n, epoch), now_s=at)]
        out += [slot.n for slot in ring.fill(now_s=at)]
    assert out == sorted(set(out))
    if out:
        assert out[-1] - out[0] == len(out) - 1 or len(out) > limits.RING_CHUNKS
        assert ring.newest == out[-1]

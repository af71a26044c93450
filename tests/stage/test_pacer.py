"""The tick's schedule with an injected clock: on time, late, stalled, and resumed mid-chunk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hustings import limits
from hustings.clock import CHUNK_NS, TICKS_PER_CHUNK
from hustings.stage.pacer import TICK_NS, Pacer, Plan

ORIGIN = 5_000_000_000


def at(slot: int, late_ns: int = 0) -> int:
    """The moment `slot` is due, and a little later."""
    return ORIGIN + (slot + 1) * TICK_NS + late_ns


def test_a_tick_is_due_when_its_slot_is_over_and_only_once() -> None:
    pacer = Pacer(origin_ns=ORIGIN)
    assert pacer.plan(at(0) - 1) is None
    assert pacer.due_in_ns(at(0) - 7) == 7
    assert pacer.plan(at(0)) == Plan((), 0, 0)
    assert pacer.plan(at(0)) is None
    assert pacer.due_in_ns(at(0)) == TICK_NS


def test_lateness_does_not_add_up() -> None:
    pacer = Pacer(origin_ns=ORIGIN)
    for slot in range(1_000):
        plan = pacer.plan(at(slot, late_ns=19_000_000))
        assert plan == Plan((), slot, 0)
    assert pacer.due_in_ns(at(999)) == TICK_NS
    assert pacer.lateness.worst_ns == 19_000_000
    assert pacer.lateness.skipped == 0


def test_a_short_stall_is_caught_up_one_by_one() -> None:
    pacer = Pacer(origin_ns=ORIGIN)
    pacer.plan(at(0))
    stalled = at(1 + limits.TICKS_CATCH_UP_COUNT)
    runs = []
    while (plan := pacer.plan(stalled)) is not None:
        runs.append((plan.run, plan.missed))
    assert runs == [(slot, 0) for slot in range(1, 2 + limits.TICKS_CATCH_UP_COUNT)]


def test_a_longer_stall_skips_and_never_bursts() -> None:
    pacer = Pacer(origin_ns=ORIGIN)
    for slot in range(3):
        pacer.plan(at(slot))
    stalled = at(9)
    assert pacer.plan(stalled) == Plan(tuple(range(3, 9)), 9, 6)
    assert pacer.plan(stalled) is None
    assert pacer.lateness.skipped == 6
    assert pacer.lateness.gaps == 0


def test_chunks_wholly_inside_a_stall_are_left_out() -> None:
    pacer = Pacer(origin_ns=ORIGIN)
    for slot in range(5):
        pacer.plan(at(slot))
    plan = pacer.plan(at(100))
    assert plan is not None
    # Chunk 0 is completed, chunks 1 to 5 are gaps, chunk 6 (slots 96 to 111) is filled up to now.
    assert plan.fill == (*range(5, 16), *range(96, 100))
    assert (plan.run, plan.missed) == (100, 95)
    assert pacer.lateness.gaps == 5


def test_a_stall_on_a_boundary_completes_nothing() -> None:
    pacer = Pacer(origin_ns=ORIGIN)
    for slot in range(TICKS_PER_CHUNK):
        pacer.plan(at(slot))
    plan = pacer.plan(at(40))
    assert plan is not None
    assert plan.fill == tuple(range(32, 40))
    assert pacer.lateness.gaps == 1


def test_a_takeover_in_the_middle_of_a_chunk_fills_what_has_passed() -> None:
    pacer = Pacer(origin_ns=ORIGIN, chunk=7)
    plan = pacer.plan(at(7 * TICKS_PER_CHUNK + 9, late_ns=4_000_000))
    assert plan is not None
    assert plan.fill == tuple(range(112, 121))
    assert plan.run == 121


def test_the_end_of_a_chunk_is_tied_to_its_number() -> None:
    pacer = Pacer(origin_ns=ORIGIN, chunk=7)
    assert pacer.chunk_end_ns(7) == ORIGIN + 8 * CHUNK_NS


@given(st.lists(st.integers(1, 3_000_000_000), max_size=60))
def test_whatever_the_stalls_chunks_are_whole_and_in_order(steps: list[int]) -> None:
    pacer = Pacer(origin_ns=ORIGIN)
    now, made, runs = ORIGIN, [], 0
    for step in steps:
        now += step
        while (plan := pacer.plan(now)) is not None:
            made += [*plan.fill, plan.run]
            runs += 1
            assert now - at(plan.run) < (limits.TICKS_CATCH_UP_COUNT + 1) * TICK_NS
        assert pacer.due_in_ns(now) > 0
    assert made == sorted(set(made))
    newest = made[-1] // TICKS_PER_CHUNK if made else 0
    for n in {slot // TICKS_PER_CHUNK for slot in made} - {newest}:
        slots = [slot for slot in made if slot // TICKS_PER_CHUNK == n]
        assert slots == list(range(n * TICKS_PER_CHUNK, (n + 1) * TICKS_PER_CHUNK))
    assert runs == pacer.lateness.ticks

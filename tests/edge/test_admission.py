"""Who is let in follows from load and bounds alone, and the level does not flap."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

from hypothesis import example, given
from hypothesis import strategies as st

from hustings import limits
from hustings.crowd import Rung
from hustings.edge import admission
from hustings.edge.admission import (
    Admit,
    Bounds,
    Elsewhere,
    Level,
    Load,
    Redirect,
    Standing,
    Text,
    Wait,
    admit,
    free,
    rung_of,
    settle,
)

BOUNDS: Final = Bounds(
    listeners_max=100, readers_max=50, egress_bps_max=0, descriptors_kept=10, cdn_url=""
)
IDLE: Final = Load(
    taken=0,
    readers=0,
    waiting=0,
    descriptors_left=1_000,
    memory_left_bytes=2**40,
    busy=0.0,
    late_s=0.0,
    egress_bps=0.0,
    elsewhere=(),
)
FULL: Final = replace(IDLE, taken=100)
NEAR: Final = Elsewhere("https://b.example", 3)

loads = st.builds(
    Load,
    taken=st.integers(0, 120),
    readers=st.integers(0, 60),
    waiting=st.integers(0, 5),
    descriptors_left=st.integers(0, 200),
    memory_left_bytes=st.sampled_from([0, limits.MEMORY_SPARE_BYTES, 2**40]),
    busy=st.floats(0, 1),
    late_s=st.floats(0, 1),
    egress_bps=st.floats(0, 2e6),
    elsewhere=st.sampled_from([(), (NEAR,)]),
)
bounds = st.builds(
    Bounds,
    listeners_max=st.integers(1, 100),
    readers_max=st.integers(0, 50),
    egress_bps_max=st.sampled_from([0, 1_000_000]),
    descriptors_kept=st.integers(0, 50),
    cdn_url=st.sampled_from(["", "https://cdn.example"]),
)
levels = st.sampled_from(Level)
pins = st.sampled_from([None, *(rung for rung in Rung if rung is not Rung.EDGE)])


def test_the_cadence_follows_the_level() -> None:
    ways = [admit(IDLE, BOUNDS, level) for level in Level]
    assert ways == [Admit(320), Admit(960), Admit(1920), Text()]


def test_the_rungs_in_their_order() -> None:
    assert admit(replace(IDLE, taken=99), BOUNDS, Level.LIVE) == Admit(320)
    cdn = replace(BOUNDS, cdn_url="https://cdn.example")
    assert admit(replace(FULL, elsewhere=(NEAR,)), cdn, Level.LIVE) == Redirect(NEAR.url, Rung.EDGE)
    assert admit(FULL, cdn, Level.LIVE) == Redirect("https://cdn.example", Rung.SEGMENTS)
    assert admit(FULL, BOUNDS, Level.LIVE) == Text()
    assert admit(replace(FULL, readers=50), BOUNDS, Level.LIVE) == Wait()


def test_nobody_overtakes_those_who_wait() -> None:
    for level in Level:
        assert admit(replace(IDLE, waiting=1), BOUNDS, level) == Text()
    # Nor on the way to another edge.
    three = replace(FULL, elsewhere=(NEAR,), waiting=3)
    assert admit(three, BOUNDS, Level.LIVE) == Text()
    assert rung_of(admission.beyond(three, BOUNDS, None, before=2)) is Rung.EDGE


def test_what_can_be_counted_is_never_exceeded() -> None:
    assert admit(replace(IDLE, descriptors_left=10), BOUNDS, Level.LIVE) == Text()
    # Fewer still: then the rest is for those who only ask.
    assert admit(replace(IDLE, descriptors_left=5), BOUNDS, Level.LIVE) == Wait()
    assert admit(replace(IDLE, memory_left_bytes=0), BOUNDS, Level.LIVE) == Text()


def test_a_pin_counts_and_exceeds_nothing() -> None:
    for pin, way in ((Rung.LIVE, Admit(320)), (Rung.SLOW, Admit(960)), (Rung.SLOWER, Admit(1920))):
        for level in Level:
            assert admit(IDLE, BOUNDS, level, pin) == way
            assert admit(FULL, BOUNDS, level, pin) == Text()
    cdn = replace(BOUNDS, cdn_url="https://cdn.example")
    near = replace(IDLE, elsewhere=(NEAR,))
    assert rung_of(admit(near, cdn, Level.LIVE, Rung.SEGMENTS)) is Rung.SEGMENTS
    assert admit(near, cdn, Level.LIVE, Rung.TEXT) == Text()
    assert admit(near, cdn, Level.LIVE, Rung.WAIT) == Wait()


@given(st.tuples(loads, loads), bounds, st.tuples(levels, levels), pins)
def test_more_load_never_gives_a_better_rung(
    two: tuple[Load, Load], of: Bounds, both: tuple[Level, Level], pin: Rung | None
) -> None:
    less = _combined(*two, more=False)
    more = _combined(*two, more=True)
    low, high = sorted(both)
    ranks = [list(Rung).index(rung_of(admit(load, of, level, pin)))
             for load, level in ((less, low), (more, high))]  # fmt: skip
    assert ranks[0] <= ranks[1]
    assert free(less, of, low, pin) >= free(more, of, high, pin)


@given(loads, bounds, levels, pins)
def test_whoever_is_admitted_has_a_place(
    load: Load, of: Bounds, level: Level, pin: Rung | None
) -> None:
    if isinstance(admit(load, of, level, pin), Admit):
        assert load.taken < of.listeners_max
        assert load.descriptors_left > of.descriptors_kept
        assert not load.waiting
    if isinstance(admit(load, of, level, pin), Text):
        assert load.readers < of.readers_max


@given(st.lists(loads, max_size=80), bounds, st.floats(0.1, 3))
def test_the_level_does_not_flap(series: list[Load], of: Bounds, step_s: float) -> None:
    standing, changes = Standing(), [(0.0, 0)]
    for at, load in enumerate(series):
        now_s = 1000 + at * step_s
        after = settle(standing, load, of, now_s=now_s)
        if after.rank != standing.rank:
            changes.append((now_s, after.rank))
        standing = after
    for (before_s, before), (now_s, now) in pairwise(changes):
        assert now_s - before_s >= limits.RUNG_WORSEN_S
        if now < before:
            assert now_s - before_s >= limits.RUNG_IMPROVE_S
            assert before - now == 1


@given(st.lists(st.sampled_from(Rung), max_size=80))
@example([Rung.SLOWER, *[Rung.LIVE] * 5, Rung.SLOW, *[Rung.LIVE] * 5])
def test_the_shown_rung_does_not_flap(rungs: list[Rung]) -> None:
    order = list(Rung)
    standing, ranks, now_s = Standing(), [0], 1000.0
    for rung in rungs:
        now_s += 1.0
        standing = admission.show(standing, rung, now_s=now_s)
        ranks.append(order.index(admission.shown(standing)))
    actual = [0] + [order.index(rung) for rung in rungs]
    hold = int(limits.RUNG_IMPROVE_S)
    for at in range(1, len(ranks)):
        # A worse rung is shown at once; a better one when it was better for a while throughout.
        assert ranks[at] >= actual[at]
        if ranks[at] < ranks[at - 1]:
            assert at > hold
            assert max(actual[at - hold : at + 1]) < ranks[at - 1]


def test_it_worsens_at_once_and_improves_after_a_while() -> None:
    standing = settle(Standing(), replace(IDLE, busy=0.7), BOUNDS, now_s=100)
    assert standing.rank is Level.SLOWER
    # Between the thresholds nothing changes, however long.
    for at in range(50):
        standing = settle(standing, replace(IDLE, busy=0.6), BOUNDS, now_s=101 + at)
    assert standing.rank is Level.SLOWER
    ranks = []
    for at in range(15):
        standing = settle(standing, IDLE, BOUNDS, now_s=200 + at)
        ranks.append(standing.rank)
    assert ranks == [2] * 5 + [1] * 5 + [0] * 5


def test_every_measure_counts() -> None:
    metered = replace(BOUNDS, egress_bps_max=1_000_000)
    for load in (
        replace(IDLE, busy=0.85),
        replace(IDLE, late_s=0.7),
        replace(IDLE, egress_bps=1e6),
        replace(IDLE, memory_left_bytes=0),
    ):
        assert settle(Standing(), load, metered, now_s=9).rank is Level.FULL


def _combined(one: Load, other: Load, *, more: bool) -> Load:
    """Of each figure the one that means more load, or less."""
    up, down = (max, min) if more else (min, max)
    return Load(
        taken=up(one.taken, other.taken),
        readers=up(one.readers, other.readers),
        waiting=up(one.waiting, other.waiting),
        descriptors_left=down(one.descriptors_left, other.descriptors_left),
        memory_left_bytes=down(one.memory_left_bytes, other.memory_left_bytes),
        busy=up(one.busy, other.busy),
        late_s=up(one.late_s, other.late_s),
        egress_bps=up(one.egress_bps, other.egress_bps),
        elsewhere=down(one.elsewhere, other.elsewhere, key=len),
    )

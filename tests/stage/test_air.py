"""The audience's feed, slot by slot: boundaries, fades, and what may be mixed and logged."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hustings.clock import TICKS_PER_CHUNK
from hustings.stage.air import PREPARE_SLOT, Air, Cut, Feed

HOLD, MIX, NOTHING = Feed.HOLD, Feed.MIX, Feed.NOTHING


def cuts(air: Air, first: int, until: int) -> list[Cut]:
    return [air.cut(slot) for slot in range(first, until)]


def on_air_from(slot: int) -> Air:
    air = Air()
    air.want(True, slot=slot, settle=0)
    return air


def parts(cut: Cut) -> set[Feed]:
    return {cut.stays, cut.fades_in, cut.fades_out} - {NOTHING}


def test_the_hold_sound_fades_in_when_the_doors_open() -> None:
    air = Air()
    first, *rest = cuts(air, 0, 40)
    assert first == Cut(False, fades_in=HOLD)
    assert rest == [Cut(False, stays=HOLD)] * 39


def test_going_live_is_prepared_and_happens_on_the_boundary() -> None:
    air = Air()
    cuts(air, 0, 5)
    air.want(True, slot=5, settle=3)
    rest = cuts(air, 5, 20)
    assert rest[: PREPARE_SLOT - 5] == [Cut(False, stays=HOLD)] * (PREPARE_SLOT - 5)
    assert rest[PREPARE_SLOT - 5 :] == [
        Cut(False, fades_out=HOLD), Cut(False), Cut(False), Cut(False),
        Cut(True, fades_in=MIX), Cut(True, stays=MIX), Cut(True, stays=MIX), Cut(True, stays=MIX),
    ]  # fmt: skip


def test_what_lay_in_jitter_buffers_when_going_live_stays_off_air() -> None:
    air = Air()
    cuts(air, 0, 15)
    air.want(True, slot=15, settle=6)
    assert cuts(air, 15, 23) == [
        Cut(False, fades_out=HOLD),
        *[Cut(True)] * 5,
        Cut(True, fades_in=MIX),
        Cut(True, stays=MIX),
    ]
    assert not air.on_air(20)
    assert air.on_air(21)


def test_a_decision_just_before_the_boundary_crossfades() -> None:
    air = on_air_from(0)
    cuts(air, 0, TICKS_PER_CHUNK)
    air.want(False, slot=TICKS_PER_CHUNK, settle=2)
    assert air.cut(16) == Cut(False, fades_out=MIX, fades_in=HOLD)


def test_holding_leaves_nothing_of_the_mix_behind_the_boundary() -> None:
    air = on_air_from(0)
    cuts(air, 0, 3)
    air.want(False, slot=3, settle=2)
    assert air.on_air(PREPARE_SLOT - 1)
    assert not air.on_air(PREPARE_SLOT)
    rest = cuts(air, 3, 18)
    assert [cut.live for cut in rest] == [True] * 13 + [False] * 2
    assert rest[9:] == [
        Cut(True, fades_out=MIX), Cut(True), Cut(True), Cut(True),
        Cut(False, fades_in=HOLD), Cut(False, stays=HOLD),
    ]  # fmt: skip


def test_live_and_held_again_within_a_chunk_never_opens_the_mix() -> None:
    air = Air()
    cuts(air, 0, 4)
    air.want(True, slot=4, settle=2)
    cuts(air, 4, 8)
    air.want(False, slot=8, settle=2)
    assert not any(air.on_air(slot) for slot in range(100))
    assert all(MIX not in parts(cut) and not cut.live for cut in cuts(air, 8, 60))


decisions = st.lists(st.tuples(st.integers(0, 200), st.booleans(), st.integers(0, 12)), max_size=12)


@given(decisions)
def test_the_mix_is_heard_only_on_air_and_the_hold_sound_only_off_air(
    made: list[tuple[int, bool, int]],
) -> None:
    air = Air()
    by_slot = {slot: (live, settle) for slot, live, settle in made}
    opens, wanted, flags = 0, False, []
    for slot in range(240):
        if slot in by_slot:
            live, settle = by_slot[slot]
            if live and not wanted:
                opens = slot + settle
            wanted = live
            air.want(live, slot=slot, settle=settle)
        logged = air.on_air(slot)
        cut = air.cut(slot)
        flags.append(cut.live)
        if MIX in {cut.stays, cut.fades_in}:
            assert cut.live
            assert logged
            assert slot >= opens
        if HOLD in {cut.stays, cut.fades_in}:
            assert not cut.live
        if logged:
            assert MIX in parts(cut)
    for slot, flag in enumerate(flags):
        assert flag == flags[slot - slot % TICKS_PER_CHUNK]

"""The audience's feed, slot by slot: boundaries, fades, and what may be mixed and logged."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hustings.clock import TICKS_PER_CHUNK
from hustings.stage.air import PREPARE_SLOT, Air, Feed
from hustings.stage.fader import Fader, Turn

HOLD, MIX, NOTHING = Feed.HOLD, Feed.MIX, Feed.NOTHING


class Stage(Air):
    """The feed as the audience has it without a delay."""

    def __init__(self) -> None:
        super().__init__()
        self._fader = Fader()

    def turn(self, slot: int) -> Turn:
        return self._fader.turn(slot, self.due(slot))


def turns(air: Stage, first: int, until: int) -> list[Turn]:
    return [air.turn(slot) for slot in range(first, until)]


def on_air_from(slot: int) -> Stage:
    air = Stage()
    air.want(True, slot=slot, settle=0)
    return air


def parts(turn: Turn) -> set[Feed]:
    return {turn.stays, turn.fades_in, turn.fades_out} - {NOTHING}


def test_the_hold_sound_fades_in_when_the_doors_open() -> None:
    air = Stage()
    first, *rest = turns(air, 0, 40)
    assert first == Turn(False, fades_in=HOLD)
    assert rest == [Turn(False, stays=HOLD)] * 39


def test_going_live_is_prepared_and_happens_on_the_boundary() -> None:
    air = Stage()
    turns(air, 0, 5)
    air.want(True, slot=5, settle=3)
    rest = turns(air, 5, 20)
    assert rest[: PREPARE_SLOT - 5] == [Turn(False, stays=HOLD)] * (PREPARE_SLOT - 5)
    assert rest[PREPARE_SLOT - 5 :] == [
        Turn(False, fades_out=HOLD), Turn(False), Turn(False), Turn(False),
        Turn(True, fades_in=MIX), *[Turn(True, stays=MIX)] * 3,
    ]  # fmt: skip


def test_what_lay_in_jitter_buffers_when_going_live_stays_off_air() -> None:
    air = Stage()
    turns(air, 0, 15)
    air.want(True, slot=15, settle=6)
    assert turns(air, 15, 23) == [
        Turn(False, fades_out=HOLD),
        *[Turn(True)] * 5,
        Turn(True, fades_in=MIX),
        Turn(True, stays=MIX),
    ]
    assert not air.on_air(20)
    assert air.on_air(21)


def test_a_decision_just_before_the_boundary_crossfades() -> None:
    air = on_air_from(0)
    turns(air, 0, TICKS_PER_CHUNK)
    air.want(False, slot=TICKS_PER_CHUNK, settle=2)
    assert air.turn(16) == Turn(False, fades_out=MIX, fades_in=HOLD)


def test_holding_leaves_nothing_of_the_mix_behind_the_boundary() -> None:
    air = on_air_from(0)
    turns(air, 0, 3)
    air.want(False, slot=3, settle=2)
    assert air.on_air(PREPARE_SLOT - 1)
    assert not air.on_air(PREPARE_SLOT)
    rest = turns(air, 3, 18)
    assert [turn.live for turn in rest] == [True] * 13 + [False] * 2
    assert rest[9:] == [
        Turn(True, fades_out=MIX), Turn(True), Turn(True), Turn(True),
        Turn(False, fades_in=HOLD), Turn(False, stays=HOLD),
    ]  # fmt: skip


def test_live_and_held_again_within_a_chunk_never_opens_the_mix() -> None:
    air = Stage()
    turns(air, 0, 4)
    air.want(True, slot=4, settle=2)
    turns(air, 4, 8)
    air.want(False, slot=8, settle=2)
    assert not any(air.on_air(slot) for slot in range(100))
    assert all(MIX not in parts(turn) and not turn.live for turn in turns(air, 8, 60))


def test_a_cut_waits_for_no_boundary() -> None:
    air = on_air_from(0)
    turns(air, 0, 5)
    air.cut(5)
    assert turns(air, 5, 18) == [
        Turn(True, fades_out=MIX), *[Turn(True)] * 10,
        Turn(False, fades_in=HOLD), Turn(False, stays=HOLD),
    ]  # fmt: skip
    assert not any(air.on_air(slot) for slot in range(5, 100))


def test_after_a_cut_the_next_boundary_can_be_live_again() -> None:
    air = on_air_from(0)
    turns(air, 0, 5)
    air.cut(5)
    turns(air, 5, 8)
    air.want(True, slot=8, settle=1)
    rest = turns(air, 8, 18)
    assert [turn.live for turn in rest] == [True] * 10
    assert all(not parts(turn) for turn in rest[:8])
    assert rest[8:] == [Turn(True, fades_in=MIX), Turn(True, stays=MIX)]


decisions = st.lists(st.tuples(st.integers(0, 200), st.booleans(), st.integers(0, 12)), max_size=12)


@given(decisions)
def test_the_mix_is_heard_only_on_air_and_the_hold_sound_only_off_air(
    made: list[tuple[int, bool, int]],
) -> None:
    air = Stage()
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
        turn = air.turn(slot)
        flags.append(turn.live)
        if MIX in {turn.stays, turn.fades_in}:
            assert turn.live
            assert logged
            assert slot >= opens
        if HOLD in {turn.stays, turn.fades_in}:
            assert not turn.live
        if logged:
            assert MIX in parts(turn)
    for slot, flag in enumerate(flags):
        assert flag == flags[slot - slot % TICKS_PER_CHUNK]

"""The broadcast delay: what comes out of the line, when, and what never does."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hustings.clock import TICK_SAMPLES, TICKS_PER_CHUNK
from hustings.stage.air import OFF_AIR, Air, Due, Feed
from hustings.stage.delay import DelayLine, Frame
from hustings.stage.fader import Fader

ON_AIR = Due(live=True, feed=Feed.MIX)
BEHIND = 2 * TICKS_PER_CHUNK


def marked(slot: int) -> Frame:
    """Sound that says in which slot it was said."""
    return np.full(TICK_SAMPLES, slot, np.float32)


def said(frame: Frame | None) -> int | None:
    return None if frame is None else int(frame[0])


def test_without_chunks_it_is_no_line() -> None:
    frame = marked(7)
    assert DelayLine().shift(7, ON_AIR, frame) == (ON_AIR, frame)


def test_sound_and_what_is_due_of_it_come_out_together() -> None:
    line = DelayLine(2)
    for slot in range(100, 100 + BEHIND):
        assert line.shift(slot, Due(slot % 3 == 0, Feed.MIX), marked(slot)) == (OFF_AIR, None)
    for slot in range(100 + BEHIND, 400):
        due, sound = line.shift(slot, Due(slot % 3 == 0, Feed.MIX), marked(slot))
        assert said(sound) == slot - BEHIND
        assert due == Due((slot - BEHIND) % 3 == 0, Feed.MIX)


def test_a_chunk_that_the_stage_left_out_is_silence_in_what_goes_on() -> None:
    line = DelayLine(1)
    for slot in [*range(32), *range(48, 64)]:
        due, sound = line.shift(slot, ON_AIR, marked(slot))
    assert due == Due(live=True, feed=Feed.NOTHING)
    assert sound is None
    due, sound = line.shift(64, ON_AIR, marked(64))
    assert (due, said(sound)) == (ON_AIR, 48)


def test_what_waits_when_it_is_cleared_never_comes_out() -> None:
    line = DelayLine(2)
    for slot in range(100):
        line.shift(slot, ON_AIR, marked(slot))
    line.clear(100)
    due, sound = line.shift(100, OFF_AIR, marked(100))
    assert due == OFF_AIR
    assert said(sound) == 100 - BEHIND, "the last one is there, to fade from"
    for slot in range(101, 100 + BEHIND):
        assert line.shift(slot, ON_AIR, marked(slot)) == (OFF_AIR, None)
    due, sound = line.shift(100 + BEHIND, ON_AIR, marked(0))
    assert (due, said(sound)) == (OFF_AIR, 100)


acts = st.lists(st.tuples(st.integers(0, 300), st.sampled_from(["on", "off", "cut"])), max_size=10)


@given(acts, st.integers(0, 4))
def test_nothing_that_was_said_before_a_cut_is_heard_after_it(
    made: list[tuple[int, str]], chunks: int
) -> None:
    air, line, fader = Air(), DelayLine(chunks), Fader()
    by_slot = dict(made)
    spoken_off = set()
    cut_at = -1
    flags = []
    for slot in range(420):
        act = by_slot.get(slot)
        if act == "cut":
            air.cut(slot)
            line.clear(slot)
            cut_at = slot
        elif act is not None:
            air.want(act == "on", slot=slot, settle=2)
        due = air.due(slot)
        if due.feed is not Feed.MIX:
            spoken_off.add(slot)
        turn = fader.turn(slot, line.shift(slot, due, marked(slot))[0])
        flags.append(turn.live)
        was_said = slot - line.slots
        if Feed.MIX in (turn.stays, turn.fades_in):
            assert turn.live
            assert was_said >= cut_at
            assert was_said not in spoken_off
        elif turn.fades_out is Feed.MIX:
            assert cut_at < slot or was_said == cut_at - line.slots
    for slot, flag in enumerate(flags):
        assert flag == flags[slot - slot % TICKS_PER_CHUNK]

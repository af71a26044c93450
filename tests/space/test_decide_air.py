"""What is on air, with a delay and without: when a cut is possible, and how long the end waits."""

from __future__ import annotations

import pytest

from hustings import limits, space
from hustings.space import Refusal, Role, Space, Status
from hustings.space import command as c
from hustings.space import event as e
from hustings.space.decide_air import TIMER, waiting_ms

NOW = 1_700_000_000_000
CUT = c.Hold(by="ann", role=Role.HOST, cut=True, reason="Oh.")
END = c.End(by="ann", role=Role.HOST)


class Evening:
    """A space that is live, on a clock that can be set."""

    def __init__(self, delay_s: int) -> None:
        self.now_ms = NOW
        made = space.decide(
            None, c.Schedule(by="ann", title="An evening", delay_s=delay_s), now_ms=NOW
        )
        assert not isinstance(made, Refusal)
        folded = space.fold("abcdefghij", made)
        assert folded is not None
        self.space: Space = folded
        self.does(c.OpenDoors(by="ann", role=Role.HOST))
        self.does(c.GoLive(by="ann", role=Role.HOST))

    def does(self, command: c.Command) -> tuple[e.Decided, ...]:
        made = space.decide(self.space, command, now_ms=self.now_ms)
        assert not isinstance(made, Refusal), made
        for event in made:
            self.space = space.evolve(self.space, event)
        return made

    def refused(self, command: c.Command) -> str:
        made = space.decide(self.space, command, now_ms=self.now_ms)
        assert isinstance(made, Refusal), made
        return made.code


@pytest.mark.parametrize(("delay_s", "chunks"), [(0, 0), (1, 4), (8, 25), (30, 94)])
def test_a_delay_is_whole_chunks(delay_s: int, chunks: int) -> None:
    one = Space(id="s", delay_s=delay_s)
    assert (one.delay_chunks, one.delay_ms) == (chunks, 320 * chunks)
    assert one.delay_ms >= 1000 * delay_s


def test_a_cut_holds_and_says_so_until_it_is_resumed() -> None:
    one = Evening(0)
    (held,) = one.does(CUT)
    assert isinstance(held, e.Held)
    assert (held.cut, held.reason) == (True, "Oh.")
    assert (one.space.status, one.space.cut, one.space.held_at_ms) == (Status.HELD, True, NOW)
    assert one.refused(CUT) == "done"
    one.does(c.Resume(by="ann", role=Role.HOST))
    assert not one.space.cut


def test_only_who_runs_it_cuts_and_only_what_is_on_air() -> None:
    one = Evening(5)
    assert one.refused(c.Hold(by="bob", role=Role.SPEAKER, cut=True)) == "role"
    one.space = space.evolve(one.space, e.Ended(at_ms=NOW, by="ann"))
    assert one.refused(CUT) == "status"


def test_a_hold_can_be_cut_while_something_is_on_its_way() -> None:
    one = Evening(5)
    one.does(c.Hold(by="ann", role=Role.HOST, reason="Tea."))
    assert waiting_ms(one.space, NOW) == one.space.delay_ms + limits.DELAY_MARGIN_MS
    one.now_ms += 3_000
    one.does(c.Hold(by="ann", role=Role.HOST, cut=True))
    assert (one.space.cut, one.space.reason) == (True, "Tea.")
    assert waiting_ms(one.space, one.now_ms) == 0
    late = Evening(5)
    late.does(c.Hold(by="ann", role=Role.HOST))
    late.now_ms += late.space.delay_ms + limits.DELAY_MARGIN_MS
    assert late.refused(CUT) == "done"


def test_the_end_without_a_delay_is_at_once() -> None:
    (ended,) = Evening(0).does(END)
    assert isinstance(ended, e.Ended)


def test_the_end_waits_for_the_delay_and_comes_by_timer() -> None:
    one = Evening(10)
    ending, held = one.does(END)
    assert isinstance(ending, e.Ending)
    assert isinstance(held, e.Held)
    due_ms = NOW + one.space.delay_ms + limits.DELAY_MARGIN_MS
    assert ending.ends_at_ms == due_ms
    assert one.refused(END) == "done"
    one.now_ms = due_ms - 1
    assert one.refused(c.End(by=TIMER)) == "done"
    one.now_ms = due_ms
    (ended,) = one.does(c.End(by=TIMER))
    assert isinstance(ended, e.Ended)


def test_an_announced_end_waits_as_well_once_it_has_come() -> None:
    one = Evening(10)
    one.does(c.EndSoon(by="ann", role=Role.HOST, in_ms=10_000))
    one.now_ms += 10_000
    assert [type(event) for event in one.does(c.End(by=TIMER))] == [e.Ending, e.Held]
    one.does(c.KeepGoing(by="ann", role=Role.HOST))
    assert (one.space.status, one.space.ends_at_ms) == (Status.HELD, None)


def test_after_a_cut_or_a_long_hold_the_end_has_nothing_to_wait_for() -> None:
    one = Evening(30)
    one.does(CUT)
    assert [type(event) for event in one.does(END)] == [e.Ended]
    other = Evening(30)
    other.does(c.Hold(by="ann", role=Role.HOST))
    other.now_ms += 20_000
    (ending,) = other.does(END)
    assert isinstance(ending, e.Ending)
    assert ending.ends_at_ms == other.now_ms + other.space.delay_ms + 1_000 - 20_000
    other.now_ms += 60_000
    other.does(c.End(by=TIMER))
    assert other.space.status is Status.ENDED

"""What may happen in a space, as a table, and what the refusals say."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pytest

from hustings import limits, space
from hustings.space import Refusal, Role, Space, Status
from hustings.space import command as c
from hustings.space import event as e

NOW = 1_700_000_000_000


def after(*commands: c.Command) -> Space:
    """The state after commands that must all be allowed."""
    state: Space | None = None
    for command in commands:
        made = space.decide(state, command, now_ms=NOW)
        assert not isinstance(made, Refusal), made
        state = space.fold("abcdefghij", made) if state is None else _on(state, made)
    assert state is not None
    return state


def _on(state: Space, events: Iterable[e.Event]) -> Space:
    for event in events:
        state = space.evolve(state, event)
    return state


SCHEDULE = c.Schedule(by="ann", role=Role.HOST, title="  An evening  ", host="Ann")
OPEN = c.OpenDoors(by="ann", role=Role.HOST)
GO = c.GoLive(by="ann", role=Role.HOST)
HOLD = c.Hold(by="ann", role=Role.HOST, reason="A pause.")
RESUME = c.Resume(by="ann", role=Role.HOST)
END = c.End(by="ann", role=Role.HOST)
POST = c.Post(by="archive", recording_seconds=3.2, receipt_sha256="00")
CANCEL = c.Cancel(by="ann", role=Role.HOST, reason="Rain.")
WITHHOLD = c.Withhold(by="ann", role=Role.HOST)

REACHED: dict[Status, tuple[c.Command, ...]] = {
    Status.SCHEDULED: (SCHEDULE,),
    Status.DOORS: (SCHEDULE, OPEN),
    Status.LIVE: (SCHEDULE, OPEN, GO),
    Status.HELD: (SCHEDULE, OPEN, GO, HOLD),
    Status.ENDED: (SCHEDULE, OPEN, GO, END),
    Status.POSTED: (SCHEDULE, OPEN, GO, END, POST),
    Status.WITHHELD: (SCHEDULE, OPEN, GO, END, WITHHOLD),
    Status.CANCELLED: (SCHEDULE, CANCEL),
}

ORDER = {c.RemoveMessage, c.BlockPerson}
ROOM = {*ORDER, c.Edit, c.SetRoom, c.GrantSeat, c.OpenPoll, c.Pin, c.RaiseHand}
# Which command is possible in which status: the whole table, written out a second time.
POSSIBLE: dict[Status, set[type]] = {
    Status.SCHEDULED: {c.OpenDoors, c.Cancel, c.Delay, c.Rehearse, *ROOM}
    - {c.OpenPoll, c.RaiseHand},
    Status.DOORS: {c.GoLive, c.Cancel, c.Delay, *ROOM},
    Status.LIVE: {c.Hold, c.End, c.EndSoon, *ROOM},
    Status.HELD: {c.Resume, c.End, c.EndSoon, *ROOM},
    Status.ENDED: {c.Post, c.Withhold, c.Edit, *ORDER},
    Status.POSTED: {c.Withhold, c.Edit, *ORDER},
    Status.WITHHELD: {c.Post, c.Edit, *ORDER},  # Post: the facts of a recording that stays withheld
    Status.CANCELLED: {*ORDER},
}
LEADS_TO: dict[type, Status] = {
    c.OpenDoors: Status.DOORS,
    c.GoLive: Status.LIVE,
    c.Hold: Status.HELD,
    c.Resume: Status.LIVE,
    c.End: Status.ENDED,
    c.Cancel: Status.CANCELLED,
}
ALL: tuple[c.Command, ...] = (
    *(OPEN, GO, HOLD, RESUME, END, POST, CANCEL),
    c.Delay(by="ann", role=Role.HOST, starts_at_ms=NOW + 1, reason="The train is late."),
    WITHHOLD,
    c.EndSoon(by="ann", role=Role.HOST, in_ms=30_000),
    c.Rehearse(by="ann", role=Role.HOST, on=True),
    c.Edit(by="ann", role=Role.HOST, title="Another evening"),
    c.SetRoom(by="ann", role=Role.HOST, slow_s=10),
    c.GrantSeat(by="ann", role=Role.HOST, seat="seat", name="Ben", seat_role=Role.SPEAKER),
    c.OpenPoll(by="ann", role=Role.HOST, poll="poll", question="Tea?", options=("Yes", "No")),
    c.Pin(by="ann", role=Role.HOST, pin="pin1", text="Slides", url="https://example.org/"),
    c.RemoveMessage(by="ann", role=Role.HOST, message="mess"),
    c.BlockPerson(by="ann", role=Role.HOST, person="g-troll", name="Troll"),
    c.RaiseHand(by="ann", role=None, person="a-ben", name="Ben"),
)
HOSTS_ONLY = tuple(command for command in ALL if not isinstance(command, c.RaiseHand))


@pytest.mark.parametrize("status", POSSIBLE)
@pytest.mark.parametrize("command", ALL, ids=lambda command: type(command).__name__)
def test_status_table(status: Status, command: c.Command) -> None:
    state = after(*REACHED[status])
    assert state.status is status
    made = space.decide(state, command, now_ms=NOW)
    assert isinstance(made, Refusal) == (type(command) not in POSSIBLE[status])
    if isinstance(made, Refusal):
        # Of two hosts who press the same button, the second has what they wanted.
        assert made.code == ("done" if LEADS_TO.get(type(command)) is status else "status")
        if made.code == "status":
            assert ("not live" if status is Status.DOORS else status) in made.reason


@pytest.mark.parametrize("role", [Role.SPEAKER, Role.LISTENER])
@pytest.mark.parametrize("command", HOSTS_ONLY, ids=lambda command: type(command).__name__)
def test_a_speaker_or_listener_may_not_run_the_space(command: c.Command, role: Role) -> None:
    asked = dataclasses.replace(command, role=role)
    made = space.decide(after(SCHEDULE), asked, now_ms=NOW)
    assert isinstance(made, Refusal)
    assert made.code == "role"


def test_a_space_is_scheduled_once_with_a_title() -> None:
    assert after(SCHEDULE).title == "An evening"
    assert after(SCHEDULE).starts_at_ms == NOW
    again = space.decide(after(SCHEDULE), SCHEDULE, now_ms=NOW)
    assert isinstance(again, Refusal)
    assert again.code == "done"
    for title in ("", " ", "x" * (limits.TITLE_CHARS + 1)):
        made = space.decide(None, dataclasses.replace(SCHEDULE, title=title), now_ms=NOW)
        assert isinstance(made, Refusal)
        assert made.code == "value"


def test_nothing_else_is_possible_before_it_exists() -> None:
    assert isinstance(space.decide(None, OPEN, now_ms=NOW), Refusal)


def test_delay_needs_a_reason_and_a_future() -> None:
    state = after(SCHEDULE)
    for command in (
        c.Delay(by="ann", role=Role.HOST, starts_at_ms=NOW - 1, reason="Late."),
        c.Delay(by="ann", role=Role.HOST, starts_at_ms=NOW + 1, reason=" "),
        c.Delay(by="ann", role=Role.HOST, starts_at_ms=NOW + 1, reason="x" * 1000),
    ):
        made = space.decide(state, command, now_ms=NOW)
        assert isinstance(made, Refusal)
        assert made.code == "value"


def test_a_hold_by_the_platform_is_marked() -> None:
    held = after(*REACHED[Status.LIVE], c.Hold(by="system", reason="The server is restarting."))
    assert held.held_by_system
    assert not after(*REACHED[Status.HELD]).held_by_system
    assert not _on(held, (e.Resumed(at_ms=NOW, by="system"),)).held_by_system


def seated(*extra: c.Command) -> Space:
    return after(
        SCHEDULE,
        c.GrantSeat(by="ann", role=None, seat="s1", name="Ann", seat_role=Role.HOST),
        c.GrantSeat(by="ann", role=Role.HOST, seat="s2", name="Ben", seat_role=Role.SPEAKER),
        *extra,
    )


def refused(state: Space, command: c.Command) -> str:
    made = space.decide(state, command, now_ms=NOW)
    assert isinstance(made, Refusal)
    return made.code


def test_seats() -> None:
    state = seated()
    assert [s.name for s in state.seats.values()] == ["Ann", "Ben"]
    grant = c.GrantSeat(by="ann", role=Role.HOST, seat="s2", name="Eve", seat_role=Role.SPEAKER)
    assert refused(state, grant) == "done"
    second_host = dataclasses.replace(grant, seat="s3", seat_role=Role.HOST)
    assert refused(state, second_host) == "role"
    assert refused(state, dataclasses.replace(grant, seat="s3", name=" ")) == "value"
    assert refused(state, c.RevokeSeat(by="ann", role=Role.HOST, seat="s9")) == "seat"
    assert refused(state, c.RevokeSeat(by="s2", role=Role.SPEAKER, seat="s1")) == "role"
    left = seated(c.RevokeSeat(by="s2", role=Role.SPEAKER, seat="s2"))
    assert list(left.seats) == ["s1"]


def test_seats_are_limited() -> None:
    grants = [
        c.GrantSeat(by="ann", role=Role.HOST, seat=f"s{i}", name="A", seat_role=Role.SPEAKER)
        for i in range(limits.SEATS_COUNT + 1)
    ]
    assert refused(after(SCHEDULE, *grants[:-1]), grants[-1]) == "seat"


def test_a_host_can_mute_but_only_the_speaker_can_unmute() -> None:
    mute = c.MuteSeat(by="ann", role=Role.HOST, seat="s2")
    muted = seated(mute)
    assert muted.seats["s2"].muted
    assert refused(muted, mute) == "done"
    assert refused(muted, c.UnmuteSeat(by="ann", role=Role.HOST, seat="s2")) == "role"
    assert refused(muted, c.UnmuteSeat(by="s1", role=Role.HOST, seat="s2")) == "role"
    assert refused(seated(), c.MuteSeat(by="s2", role=Role.SPEAKER, seat="s1")) == "role"
    own = c.UnmuteSeat(by="s2", role=Role.SPEAKER, seat="s2")
    assert not seated(mute, own).seats["s2"].muted
    assert refused(seated(), own) == "done"

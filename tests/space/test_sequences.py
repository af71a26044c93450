"""No sequence of commands breaks what a space promises, and every event survives the journey."""

from __future__ import annotations

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from hustings import limits, space
from hustings.space import ON_STAGE, Publishing, Refusal, Role, Space, Status
from hustings.space import command as c
from hustings.space.charge_command import HandBack, PutInCharge, SetDeputy
from hustings.space.presence import SetAway

NOW: Final = 1_700_000_000_000
PERSONS: Final = ("a-ann", "a-ben", "g-eve", "nobody")
SEATS: Final = ("seata", "seatb", "seatc")
THINGS: Final = ("thing1", "thing2", "no id")

persons = st.sampled_from(PERSONS)
seats = st.sampled_from(SEATS)
things = st.sampled_from(THINGS)
flags = st.booleans()
maybe = st.none() | st.booleans()
roles = st.sampled_from((None, *Role))
askers = st.sampled_from((*PERSONS, *SEATS, "timer", "archive"))
words = st.sampled_from(("", "Words", "x" * 5_000))


def made(kind: type, **fields: st.SearchStrategy[object]) -> st.SearchStrategy[c.Command]:
    return st.builds(kind, by=askers, role=roles, **fields)


COMMANDS: Final = st.one_of(
    made(c.Schedule, title=words, publishing=st.sampled_from(Publishing), guests=flags),
    made(c.Delay, starts_at_ms=st.just(NOW + 10**7), reason=words),
    made(c.Cancel),
    made(c.OpenDoors),
    made(c.GoLive),
    made(c.Hold, reason=words),
    made(c.Resume),
    made(c.EndSoon, in_ms=st.sampled_from((0, 50, -1))),
    made(c.KeepGoing),
    made(c.End),
    made(c.Post, recording_seconds=st.just(1.0), receipt_sha256=st.just("ab")),
    made(c.Withhold, reason=words),
    made(c.Publish),
    made(c.Rehearse, on=flags),
    made(c.Edit, title=st.none() | words, publishing=st.none() | st.sampled_from(Publishing)),
    made(
        c.GrantSeat,
        seat=seats,
        name=words,
        seat_role=st.sampled_from(Role),
        person=persons | st.just(""),
    ),
    made(c.RevokeSeat, seat=seats),
    made(c.MuteSeat, seat=seats),
    made(c.UnmuteSeat, seat=seats),
    made(c.DenoiseSeat, seat=seats, on=st.booleans()),
    made(c.AskUnmute, seat=seats),
    made(c.RaiseSeatHand, seat=seats),
    made(c.LowerSeatHand, seat=seats),
    made(c.SetSeatRole, seat=seats, seat_role=st.sampled_from(Role)),
    made(
        c.SetRoom,
        hands_open=maybe,
        guests=maybe,
        slow_s=st.none() | st.sampled_from((0, 9)),
        equal_time=maybe,
        speaker_s=st.none() | st.sampled_from((0, 60, -1)),
    ),
    made(c.RaiseHand, person=persons, name=words, note=words),
    made(c.LowerHand, person=persons),
    made(c.InviteHand, person=persons, seat=seats),
    made(c.UninviteHand, person=persons),
    made(c.OpenPoll, poll=things, question=words, options=st.just(("Yes", "No"))),
    made(c.ClosePoll, poll=things),
    made(c.Pin, pin=things, text=words),
    made(c.Unpin, pin=things),
    made(c.RemoveMessage, message=things),
    made(c.RestoreMessage, message=things),
    made(c.MarkQuestion, question=things, state=st.sampled_from(("open", "asking", "answered"))),
    made(c.BlockPerson, person=persons, name=words),
    made(c.UnblockPerson, person=persons),
    made(SetDeputy, seat=seats | st.just("")),
    made(PutInCharge, present=st.frozensets(seats)),
    made(HandBack),
    made(SetAway, seat=seats, away=flags),
)
# Where most of the rules begin: doors open, a host on stage, two hands up.
BEGUN: Final = (
    c.Schedule(by="a", title="Talk"),
    c.GrantSeat(by="a", seat="seata", name="Ann", seat_role=Role.HOST, person="a-ann"),
    c.OpenDoors(by="timer"),
    c.RaiseHand(by="a-ben", person="a-ben", name="Ben"),
    c.RaiseHand(by="g-eve", person="g-eve", name="Eve"),
)


@settings(max_examples=300, deadline=None)
@given(begun=st.sampled_from((BEGUN, ())), commands=st.lists(COMMANDS, max_size=40))
def test_no_sequence_of_commands_breaks_a_promise(
    begun: tuple[c.Command, ...], commands: list[c.Command]
) -> None:
    state: Space | None = None
    for number, command in enumerate((*begun, *commands)):
        before = state
        decided = space.decide(state, command, now_ms=NOW + number)
        if isinstance(decided, Refusal):
            assert decided.reason.endswith(".")
            continue
        assert decided
        for event in decided:
            assert space.decode(space.encode(event)) == event
            state = space.evolve(state or Space(id="abcdefghij"), event)
        assert state is not None
        assert state != before, command
        _check(state)
        _check_step(before, command, state)


def _check(state: Space) -> None:
    """What is true of every state that decisions lead to."""
    seated = [seat.person for seat in state.seats.values() if seat.person]
    assert len(seated) == len(set(seated))
    assert not set(seated) & set(state.hands)
    assert all(seat.role is not Role.LISTENER for seat in state.seats.values())
    promised = [hand.seat for hand in state.hands.values() if hand.seat]
    assert len(promised) == len(set(promised))
    assert not set(promised) & set(state.seats) or state.status is Status.SCHEDULED
    assert not set(state.blocked) & set(state.hands)
    assert not set(state.seats) & set(state.seats_removed)
    assert {state.deputy, state.in_charge} <= {*state.seats, ""}
    assert not state.in_charge or state.status in ON_STAGE
    assert set(state.hands_on_stage) <= set(state.seats)
    assert len(state.hands_on_stage) == len(set(state.hands_on_stage))
    assert all(key == hand.person for key, hand in state.hands.items())
    assert set(state.removed_last) == state.removed
    assert state.asking not in state.answered | state.removed
    assert len(state.polls) <= limits.POLLS_COUNT
    if state.status not in (Status.SCHEDULED, Status.DOORS, Status.LIVE, Status.HELD):
        assert not state.hands
        assert not state.hands_on_stage
        assert all(poll.closed for poll in state.polls.values())
        assert state.ends_at_ms is None
    else:
        assert not set(state.blocked) & set(seated)
    if state.ends_at_ms is not None:
        assert state.status in (Status.LIVE, Status.HELD)
    if state.rehearsing:
        assert state.status is Status.SCHEDULED
    assert state.status is not Status.POSTED or state.recording_ready


def _check_step(before: Space | None, command: c.Command, after: Space) -> None:
    """What nobody but the right one has done."""
    if before is None or command.role is None:
        return
    if command.role in (Role.HOST, Role.COHOST):
        return
    for seat_id in before.seats.keys() ^ after.seats.keys():
        own = before.hands.get(command.by)
        assert seat_id == command.by or (own is not None and own.seat == seat_id)
    for seat_id in set(before.hands_on_stage) ^ set(after.hands_on_stage):
        assert seat_id == command.by
    for person in before.hands.keys() ^ after.hands.keys():
        assert person == command.by
    unchanged = ("status", "polls", "pins", "blocked", "removed", "title", "publishing", "guests")
    for name in unchanged:
        assert getattr(before, name) == getattr(after, name), name

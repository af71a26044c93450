"""Decisions on the crowd's part: what it may do at all, and the queue of raised hands."""

from __future__ import annotations

from typing import Final

from hustings import limits
from hustings.space import command as c
from hustings.space import event as e
from hustings.space.refusal import Refusal, bad_id, bad_person, name, reason, text
from hustings.space.rule import BEFORE_END, Made, Rule, runs
from hustings.space.state import ON_STAGE, Space

_NO_HAND: Final = Refusal("missing", "This hand is not raised.")
_FIELDS: Final = ("hands_open", "chat_open", "slow_s", "guests", "equal_time", "speaker_s")


def _set_room(space: Space, command: c.SetRoom, now_ms: int) -> Made:
    if not 0 <= (command.slow_s or 0) <= limits.SLOW_S_MAX:
        return Refusal("value", f"Slow mode is 0 (off) to {limits.SLOW_S_MAX} seconds.")
    if not 0 <= (command.speaker_s or 0) <= limits.SPEAKER_S_MAX:
        return Refusal(
            "value", f"A speaker's time is 0 (an equal share) to {limits.SPEAKER_S_MAX} seconds."
        )
    changed = {
        field: value
        for field in _FIELDS
        if (value := getattr(command, field)) is not None and value != getattr(space, field)
    }
    if not changed:
        return Refusal("done", "Nothing has changed.")
    return e.RoomSet(at_ms=now_ms, by=command.by, **changed)


def _raise(space: Space, command: c.RaiseHand, now_ms: int) -> Made:
    if command.role is not None and command.by != command.person:
        return Refusal("role", "You can only raise your own hand.")
    called = name(command.name)
    if isinstance(called, Refusal):
        return called
    note = text(" ".join(command.note.split()), "A note", chars=limits.NOTE_CHARS, chars_min=0)
    if isinstance(note, Refusal):
        return note
    wrong = bad_person(command.person) or _may_not_raise(space, command.person)
    if wrong is not None:
        return wrong
    return e.HandRaised(at_ms=now_ms, by=command.by, person=command.person, name=called, note=note)


def _may_not_raise(space: Space, person: str) -> Refusal | None:
    if person in space.blocked:
        return Refusal("blocked", "You are blocked from this space.")
    if not space.hands_open:
        return Refusal("shut", "The host does not take hands at the moment.")
    if not space.guests and person.startswith("g-"):
        return Refusal("shut", "Sign in to raise your hand: the host does not take guests.")
    if any(seat.person == person for seat in space.seats.values()):
        return Refusal("done", "You are on stage already.")
    if person in space.hands:
        return Refusal("done", "Your hand is up already.")
    if len(space.hands) >= limits.HANDS_COUNT:
        return Refusal("full", f"{limits.HANDS_COUNT} hands are up already. Try again later.")
    return None


def _lower(space: Space, command: c.LowerHand, now_ms: int) -> Made:
    if not runs(command.role) and command.by != command.person:
        return Refusal("role", "You can only lower your own hand.")
    if command.person not in space.hands:
        return _NO_HAND
    why = reason(command.reason)
    if isinstance(why, Refusal):
        return why
    return e.HandLowered(at_ms=now_ms, by=command.by, person=command.person, reason=why)


def _invite(space: Space, command: c.InviteHand, now_ms: int) -> Made:
    hand = space.hands.get(command.person)
    if hand is None:
        return _NO_HAND
    if hand.seat:
        return Refusal("done", "This person is invited already.")
    if wrong := bad_id(command.seat, "a seat"):
        return wrong
    promised = {one.seat for one in space.hands.values() if one.seat}
    if command.seat in promised or command.seat in space.seats:
        return Refusal("seat", "This seat is taken.")
    if len(space.seats) + len(promised) >= limits.SEATS_COUNT:
        return Refusal("seat", f"All {limits.SEATS_COUNT} seats of this space are promised.")
    return e.HandInvited(at_ms=now_ms, by=command.by, person=command.person, seat=command.seat)


def _uninvite(space: Space, command: c.UninviteHand, now_ms: int) -> Made:
    hand = space.hands.get(command.person)
    if hand is None:
        return _NO_HAND
    if not hand.seat:
        return Refusal("done", "This person is not invited.")
    return e.HandUninvited(at_ms=now_ms, by=command.by, person=command.person)


RULES: Final[dict[type, Rule]] = {
    c.SetRoom: Rule(BEFORE_END, True, _set_room),
    c.RaiseHand: Rule(ON_STAGE, False, _raise),
    c.LowerHand: Rule(BEFORE_END, False, _lower),
    c.InviteHand: Rule(ON_STAGE, True, _invite),
    c.UninviteHand: Rule(ON_STAGE, True, _uninvite),
}

"""Decisions on seats: who gets one, loses one, is muted, and may run the space from it."""

from __future__ import annotations

from typing import Final

from hustings import limits
from hustings.space import command as c
from hustings.space import event as e
from hustings.space.charge import ROLES_STAY, keeps_role, stands_in
from hustings.space.presence import SeatAway, SetAway
from hustings.space.refusal import Refusal, bad_person, name, reason
from hustings.space.rule import BEFORE_END, Made, Rule, runs
from hustings.space.state import Role, Space

_NO_SEAT: Final = Refusal("seat", "There is no such seat.")
_BLOCKED: Final = Refusal("blocked", "This person is blocked from this space.")


def _grant(space: Space, command: c.GrantSeat, now_ms: int) -> Made:
    called = name(command.name)
    if isinstance(called, Refusal):
        return called
    wrong = _who(space, command) or _room(space, command)
    if command.seat_role is Role.COHOST and stands_in(space, command.by):
        wrong = ROLES_STAY
    if wrong is not None:
        return wrong
    return e.SeatGranted(
        at_ms=now_ms,
        by=command.by,
        seat=command.seat,
        name=called,
        role=command.seat_role,
        person=command.person,
    )


def _who(space: Space, command: c.GrantSeat) -> Refusal | None:
    """Why this asker cannot grant the seat to this person, if so."""
    if command.person and (wrong := bad_person(command.person)):
        return wrong
    if command.person and command.person in space.blocked:
        return _BLOCKED
    if runs(command.role):
        return None
    hand = space.hands.get(command.person)
    own = command.by == command.person and command.seat_role is Role.SPEAKER
    if not own or hand is None or not hand.seat or hand.seat != command.seat:
        return Refusal("role", "Only the host or a co-host can do this.")
    return None


def _room(space: Space, command: c.GrantSeat) -> Refusal | None:
    """Why there is no such place for this person, if so."""
    if command.seat_role is Role.LISTENER:
        return Refusal("value", "A listener has no seat.")
    if command.seat in space.seats:
        return Refusal("done", "This seat is granted already.")
    if command.person and any(s.person == command.person for s in space.seats.values()):
        return Refusal("done", "This person is on stage already.")
    if len(space.seats) >= limits.SEATS_COUNT:
        return Refusal("seat", f"All {limits.SEATS_COUNT} seats of this space are granted.")
    if command.seat_role is Role.HOST and command.role is not None and space.seats:
        return Refusal("role", "A space has one host; make this a co-host.")
    return None


def _revoke(space: Space, command: c.RevokeSeat, now_ms: int) -> Made:
    seat = space.seats.get(command.seat)
    if seat is None:
        return _NO_SEAT
    if not runs(command.role) and command.by != command.seat:
        return Refusal("role", "A speaker can only step down from their own seat.")
    if keeps_role(space, command.by, seat):
        return ROLES_STAY
    why = reason(command.reason)
    if isinstance(why, Refusal):
        return why
    return e.SeatRevoked(at_ms=now_ms, by=command.by, seat=command.seat, reason=why)


def _mute(space: Space, command: c.MuteSeat, now_ms: int) -> Made:
    seat = space.seats.get(command.seat)
    if seat is None:
        return _NO_SEAT
    if not runs(command.role) and command.by != command.seat:
        return Refusal("role", "A speaker can only mute their own seat.")
    if seat.muted:
        return Refusal("done", "This seat is muted already.")
    return e.SeatMuted(at_ms=now_ms, by=command.by, seat=command.seat)


def _unmute(space: Space, command: c.UnmuteSeat, now_ms: int) -> Made:
    seat = space.seats.get(command.seat)
    if seat is None:
        return _NO_SEAT
    if command.by != command.seat:
        return Refusal("role", "Only the speaker can unmute their own microphone.")
    if not seat.muted:
        return Refusal("done", "This seat is not muted.")
    return e.SeatUnmuted(at_ms=now_ms, by=command.by, seat=command.seat)


def _denoise(space: Space, command: c.DenoiseSeat, now_ms: int) -> Made:
    seat = space.seats.get(command.seat)
    if seat is None:
        return _NO_SEAT
    if not runs(command.role) and command.by != command.seat:
        return Refusal("role", "A speaker can only change the sound of their own seat.")
    if seat.denoised is command.on:
        return Refusal("done", "The noise of this seat is treated so already.")
    return e.SeatDenoised(at_ms=now_ms, by=command.by, seat=command.seat, on=command.on)


def _ask_unmute(space: Space, command: c.AskUnmute, now_ms: int) -> Made:
    seat = space.seats.get(command.seat)
    if seat is None:
        return _NO_SEAT
    if not seat.muted:
        return Refusal("done", "This seat is not muted.")
    # Asking again is possible: a request is easily missed.
    return e.UnmuteAsked(at_ms=now_ms, by=command.by, seat=command.seat)


def _raise_hand(space: Space, command: c.RaiseSeatHand, now_ms: int) -> Made:
    if command.seat not in space.seats:
        return _NO_SEAT
    if command.by != command.seat:
        return Refusal("role", "You can only raise your own hand.")
    if command.seat in space.hands_on_stage:
        return Refusal("done", "Your hand is up already.")
    return e.SeatHandRaised(at_ms=now_ms, by=command.by, seat=command.seat)


def _lower_hand(space: Space, command: c.LowerSeatHand, now_ms: int) -> Made:
    if command.seat not in space.seats:
        return _NO_SEAT
    if not runs(command.role) and command.by != command.seat:
        return Refusal("role", "You can only lower your own hand.")
    if command.seat not in space.hands_on_stage:
        return Refusal("done", "This hand is down already.")
    return e.SeatHandLowered(at_ms=now_ms, by=command.by, seat=command.seat)


def _set_away(space: Space, command: SetAway, now_ms: int) -> Made:
    seat = space.seats.get(command.seat)
    if seat is None:
        return _NO_SEAT
    if command.by != command.seat:
        return Refusal("role", "Only the speaker knows that.")
    # Said again, it is written again: coming back ended it too, which is observed, not decided.
    return SeatAway(at_ms=now_ms, by=command.by, seat=command.seat, away=command.away)


def _set_role(space: Space, command: c.SetSeatRole, now_ms: int) -> Made:
    seat = space.seats.get(command.seat)
    if seat is None:
        return _NO_SEAT
    if stands_in(space, command.by):
        return ROLES_STAY
    if seat.role is Role.HOST or command.seat_role is Role.HOST:
        return Refusal("role", "A space has one host, from its beginning to its end.")
    if command.seat_role is Role.LISTENER:
        return Refusal("value", "A listener has no seat.")
    if seat.role is command.seat_role:
        return Refusal("done", "This seat has that role already.")
    return e.SeatRoleSet(at_ms=now_ms, by=command.by, seat=command.seat, role=command.seat_role)


RULES: Final[dict[type, Rule]] = {
    c.GrantSeat: Rule(BEFORE_END, False, _grant),
    c.RevokeSeat: Rule(BEFORE_END, False, _revoke),
    c.MuteSeat: Rule(BEFORE_END, False, _mute),
    c.UnmuteSeat: Rule(BEFORE_END, False, _unmute),
    c.DenoiseSeat: Rule(BEFORE_END, False, _denoise),
    c.AskUnmute: Rule(BEFORE_END, True, _ask_unmute),
    c.RaiseSeatHand: Rule(BEFORE_END, False, _raise_hand),
    c.LowerSeatHand: Rule(BEFORE_END, False, _lower_hand),
    SetAway: Rule(BEFORE_END, False, _set_away),
    c.SetSeatRole: Rule(BEFORE_END, True, _set_role),
}

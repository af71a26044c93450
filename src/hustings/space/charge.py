"""Who is in charge of a space: its host, or while the host is away, a deputy. Pure.

The deputy is whom the host has named, if they are on stage; else the co-host whose seat is the
oldest of those on stage; else nobody: the platform keeps the space alive all the same. Whoever is
in charge has a co-host's rights for that time, whatever their own role is. Nothing else changes:
the host's seat stays, and the host who comes back is in charge again at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hustings import limits
from hustings.space import charge_event as e
from hustings.space.charge_command import ChargeCommand, HandBack, PutInCharge, SetDeputy
from hustings.space.refusal import Refusal
from hustings.space.rule import BEFORE_END, Made, Rule
from hustings.space.state import ON_STAGE, Role, Seat, Space

TIMER: Final = "timer"
ROLES_STAY: Final = Refusal("role", "Who stands in for the host gives and takes no roles.")
_PLATFORM_ONLY: Final = Refusal("role", "This happens by itself.")


def host_of(space: Space) -> Seat | None:
    """The host's own seat."""
    return next((seat for seat in space.seats.values() if seat.role is Role.HOST), None)


def successor(space: Space, present: frozenset[str]) -> str:
    """Who of those `present` stands in for the host: a seat, or "" if nobody can."""
    if space.deputy in present:
        return space.deputy
    cohosts = (s.id for s in space.seats.values() if s.role is Role.COHOST and s.id in present)
    return next(cohosts, "")


def due(space: Space, *, at_desk: bool) -> tuple[int, ChargeCommand] | None:
    """What is to be asked about the charge of this space, and when (Unix milliseconds); None while
    all is as it should be.

    `space` holds what the stage has observed. `at_desk`: the host has the desk open, which counts
    if they left the stage by their own hand; a connection that was lost says nothing for long.
    """
    host = host_of(space)
    if space.status not in ON_STAGE or host is None:
        return None
    if host.left_at_ms is None or (at_desk and not host.lost):
        return (0, HandBack(by=TIMER)) if space.in_charge else None
    present = frozenset(seat.id for seat in space.seats.values() if seat.connected)
    if space.in_charge in present or not (taking := successor(space, present)):
        return None
    left_ms = host.left_at_ms
    if space.in_charge in space.seats:
        left_ms = space.seats[space.in_charge].left_at_ms or left_ms
    assert taking != space.in_charge
    return left_ms + round(limits.HOST_AWAY_S * 1000), PutInCharge(by=TIMER, present=present)


def stands_in(space: Space, by: str) -> bool:
    """Whether this seat has its rights only for as long as the host is away."""
    seat = space.seats.get(by)
    return seat is not None and by == space.in_charge and seat.role is Role.SPEAKER


def keeps_role(space: Space, by: str, seat: Seat) -> bool:
    """Whether this seat has a role that `by`, who stands in for the host, cannot touch: to end the
    seat, or to make a new link to it, would be to take the role or to give it."""
    return seat.role is not Role.SPEAKER and stands_in(space, by)


def evolve_charge(space: Space, event: e.ChargeDecided) -> Space:
    """The state after an event about the charge."""
    match event:
        case e.DeputySet():
            return replace(space, deputy=event.seat if event.seat in space.seats else "")
        case e.DeputyInCharge():
            return replace(space, in_charge=event.seat) if event.seat in space.seats else space
        case e.HostInCharge():
            return replace(space, in_charge="")


def without(space: Space, seat: str) -> Space:
    """The state once that seat is gone. A deputy's seat may be given back, or granted anew under
    another name: then it is the deputy's again."""
    return replace(space, in_charge="" if space.in_charge == seat else space.in_charge)


def _set(space: Space, command: SetDeputy, now_ms: int) -> Made:
    if command.role not in (None, Role.HOST):
        return Refusal("role", "Only the host names a deputy.")
    seat = space.seats.get(command.seat)
    if command.seat and seat is None:
        return Refusal("seat", "There is no such seat.")
    if seat is not None and seat.role is Role.HOST:
        return Refusal("value", "The host needs a deputy who is somebody else.")
    if command.seat == space.deputy:
        return Refusal("done", "That is so already.")
    return e.DeputySet(at_ms=now_ms, by=command.by, seat=command.seat)


def _put(space: Space, command: PutInCharge, now_ms: int) -> Made:
    if command.role is not None:
        return _PLATFORM_ONLY
    if space.in_charge and space.in_charge in command.present:
        return Refusal("done", "Somebody is in charge already.")
    seat = successor(space, command.present & space.seats.keys())
    if not seat:
        return Refusal("seat", "Nobody on stage can be in charge.")
    return e.DeputyInCharge(at_ms=now_ms, by=command.by, seat=seat)


def _back(space: Space, command: HandBack, now_ms: int) -> Made:
    if command.role is not None:
        return _PLATFORM_ONLY
    if not space.in_charge:
        return Refusal("done", "The host is in charge.")
    return e.HostInCharge(at_ms=now_ms, by=command.by)


RULES: Final[dict[type, Rule]] = {
    SetDeputy: Rule(BEFORE_END, True, _set),
    PutInCharge: Rule(ON_STAGE, True, _put),
    HandBack: Rule(ON_STAGE, True, _back),
}

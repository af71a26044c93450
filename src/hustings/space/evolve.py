"""The fold: from a state and an event to the next state. Never refuses, never looks at a clock.

What the log holds has happened. An event that does not fit the state (a seat that is unknown by
now) changes nothing, so that every station reads every log to its end and arrives at one state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hustings import limits
from hustings.space import charge
from hustings.space import event as e
from hustings.space.charge_event import ChargeDecided
from hustings.space.evolve_replay import evolve_replay
from hustings.space.evolve_room import evolve_room
from hustings.space.presence import SeatAway
from hustings.space.replay_event import ReplayDecided
from hustings.space.state import Seat, Space, Status


def fold(space_id: str, events: Iterable[e.Event]) -> Space | None:
    """The state after `events`, or None if there were none."""
    space: Space | None = None
    for event in events:
        space = evolve(space or Space(id=space_id), event)
    return space


def evolve(space: Space, event: e.Event) -> Space:
    """The state after `event`."""
    if isinstance(event, ReplayDecided):
        return evolve_replay(space, event)
    if isinstance(event, ChargeDecided):
        return charge.evolve_charge(space, event)
    match event:
        case e.SeatGranted():
            return _granted(space, event)
        case e.SeatRevoked():
            return _revoked(space, event)
        case (
            e.SeatMuted()
            | e.SeatUnmuted()
            | e.UnmuteAsked()
            | e.SeatRoleSet()
            | e.SeatDenoised()
            | SeatAway()
        ):
            return _seat_decided(space, event)
        case e.SeatHandRaised() | e.SeatHandLowered():
            return _seat_hand(space, event)
        case e.SeatJoined() | e.SeatLeft() | e.Spoke():
            return _seat_observed(space, event)
        case e.OnAir(n=n, live=True):
            return replace(space, live_n=n) if space.live_n is None else space
        case e.OnAir() | e.StageTaken() | e.Warned() | e.Cleared():
            return space
        case _:
            after = _status(space, event)
            return evolve_room(space, event) if after is None else after


def _status(space: Space, event: e.Event) -> Space | None:
    """The state after an event that moves the space on; None after any other."""
    match event:
        case e.Scheduled():
            return _scheduled(space, event)
        case e.Delayed():
            return _delayed(space, event)
        case e.Cancelled():
            return replace(_dismissed(space), status=Status.CANCELLED, reason=event.reason)
        case e.DoorsOpened():
            return replace(space, status=Status.DOORS, opened_at_ms=event.at_ms, rehearsing=False)
        case e.WentLive():
            return replace(space, status=Status.LIVE, live_at_ms=event.at_ms, reason="")
        case e.Held():
            return _held(space, event)
        case e.Resumed():
            return replace(space, status=Status.LIVE, reason="", held_by_system=False, cut=False)
        case e.Ended():
            return replace(
                _emptied(_dismissed(space)),
                status=Status.ENDED,
                ended_at_ms=event.at_ms,
                reason="",
            )
        case e.Posted() | e.Withheld():
            return _recorded(space, event)
        case _:
            return None


def _scheduled(space: Space, event: e.Scheduled) -> Space:
    return replace(
        space,
        title=event.title,
        description=event.description,
        language=event.language,
        host=event.host,
        starts_at_ms=event.starts_at_ms or event.at_ms,
        doors_at_ms=event.doors_at_ms,
        private=event.private,
        listed=event.listed,
        publishing=event.publishing,
        picture=event.picture,
        listeners_max=event.listeners_max,
        series=event.series,
        guests=event.guests,
        delay_s=event.delay_s,
        hold_sound=event.hold_sound,
        replay=replace(space.replay, keep_days=event.keep_days),
    )


def _held(space: Space, event: e.Held) -> Space:
    return replace(
        space,
        status=Status.HELD,
        reason=event.reason,
        held_by_system=event.by_system,
        held_at_ms=event.at_ms,
        cut=event.cut,
    )


def _recorded(space: Space, event: e.Posted | e.Withheld) -> Space:
    if event.receipt_sha256:
        space = replace(
            space,
            recording_seconds=event.recording_seconds,
            receipt_sha256=event.receipt_sha256,
            recording_ready=True,
        )
        if not space.replay.revision:
            length_ms = round(event.recording_seconds * 1000)
            begun = replace(space.replay, original_ms=length_ms, revision=1, unfinished=True)
            space = replace(space, replay=begun)
    if isinstance(event, e.Posted):
        return replace(space, status=Status.POSTED, reason="", withheld_by="")
    return replace(space, status=Status.WITHHELD, reason=event.reason, withheld_by=event.by)


def _delayed(space: Space, event: e.Delayed) -> Space:
    doors = space.doors_at_ms
    if doors is not None:
        # As long before the new start as before the old one.
        doors = max(0, doors + event.starts_at_ms - space.starts_at_ms)
    return replace(space, starts_at_ms=event.starts_at_ms, doors_at_ms=doors, reason=event.reason)


def _emptied(space: Space) -> Space:
    seats = {
        seat.id: replace(
            seat, connected=False, speaking=False, left_at_ms=None, lost=False, away=False
        )
        for seat in space.seats.values()
    }
    return replace(space, seats=seats)


def _dismissed(space: Space) -> Space:
    """The crowd has had its say."""
    polls = {poll.id: replace(poll, closed=True) for poll in space.polls.values()}
    return replace(
        space,
        hands={},
        hands_on_stage=(),
        polls=polls,
        asking="",
        ends_at_ms=None,
        rehearsing=False,
        in_charge="",
    )


def _granted(space: Space, event: e.SeatGranted) -> Space:
    # A seat that is given back is as it was: who was off air does not come on by themselves.
    old = space.seats.get(event.seat) or space.seats_removed.get(event.seat)
    seat = Seat(
        id=event.seat,
        name=event.name,
        role=event.role,
        person=event.person,
        muted=old is not None and old.muted,
        denoised=old.denoised if old is not None else None,
    )
    return replace(
        space,
        seats={**space.seats, event.seat: seat},
        seats_removed={k: v for k, v in space.seats_removed.items() if k != event.seat},
        hands={
            person: hand
            for person, hand in space.hands.items()
            if hand.seat != event.seat and person != event.person
        },
    )


def _revoked(space: Space, event: e.SeatRevoked) -> Space:
    old = space.seats.get(event.seat)
    if old is None:
        return space
    gone = {k: v for k, v in space.seats_removed.items() if k != event.seat}
    gone[event.seat] = replace(
        old, connected=False, speaking=False, asked=False, left_at_ms=None, lost=False, away=False
    )
    newest = list(gone.items())[-limits.SEATS_REMOVED_COUNT :]
    return replace(
        charge.without(space, event.seat),
        seats={k: v for k, v in space.seats.items() if k != event.seat},
        seats_removed=dict(newest),
        hands_on_stage=tuple(seat for seat in space.hands_on_stage if seat != event.seat),
    )


def _seat_decided(
    space: Space,
    event: (
        e.SeatMuted | e.SeatUnmuted | e.UnmuteAsked | e.SeatRoleSet | e.SeatDenoised | SeatAway
    ),
) -> Space:
    old = space.seats.get(event.seat)
    if old is None:
        return space
    match event:
        case e.SeatRoleSet():
            seat = replace(old, role=event.role)
        case e.SeatDenoised():
            seat = replace(old, denoised=event.on)
        case SeatAway():
            seat = replace(old, away=event.away)
        case e.UnmuteAsked():
            seat = replace(old, asked=old.muted)
        case _:
            muted = isinstance(event, e.SeatMuted)
            seat = replace(old, muted=muted, speaking=old.speaking and not muted, asked=False)
    return replace(space, seats={**space.seats, event.seat: seat})


def _seat_hand(space: Space, event: e.SeatHandRaised | e.SeatHandLowered) -> Space:
    up = tuple(seat for seat in space.hands_on_stage if seat != event.seat)
    if isinstance(event, e.SeatHandRaised) and event.seat in space.seats:
        up = (*up, event.seat)
    return replace(space, hands_on_stage=up)


def _seat_observed(space: Space, event: e.SeatJoined | e.SeatLeft | e.Spoke) -> Space:
    old = space.seats.get(event.seat)
    if old is None:
        return space
    match event:
        case e.SeatJoined():
            seat = replace(old, connected=True, left_at_ms=None, lost=False, away=False)
        case e.SeatLeft():
            lost = event.cause == "lost"
            seat = replace(
                old,
                connected=False,
                speaking=False,
                left_at_ms=event.at_ms,
                lost=lost,
                away=False,
            )
        case e.Spoke():
            seat = replace(old, speaking=event.speaking and not old.muted)
    return replace(space, seats={**space.seats, event.seat: seat})

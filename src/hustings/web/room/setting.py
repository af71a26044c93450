"""How the host sets the room: what the crowd may do, rehearsal, the countdown, and seats."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.space import Role
from hustings.space import command as c
from hustings.space.charge_command import SetDeputy
from hustings.space.presence import SetAway
from hustings.web import views
from hustings.web.api import SeatId, carry_out
from hustings.web.problem import Problem, documented
from hustings.web.room import deeds
from hustings.web.room.bodies import Away, Deputy, Rehearsal, RoomSetting, SeatRole
from hustings.web.standing import Asker, CurrentStudio, Host

router: Final = APIRouter(prefix="/api/spaces", tags=["room"])
_OPEN: Final = documented(401, 403, 404, 409, 413, 422, 503)


@router.put("/{space_id}/room", responses=_OPEN)
async def set_room(body: RoomSetting, asker: Host, studio: CurrentStudio) -> views.SpaceView:
    """Open or close hands and chat, slow the chat down, let guests write, give speakers clocks."""
    command = c.SetRoom(
        by=asker.by,
        role=asker.role,
        hands_open=body.hands_open,
        chat_open=body.chat_open,
        slow_s=body.slow_s,
        guests=body.guests,
        equal_time=body.equal_time,
        speaker_s=body.speaker_s,
    )
    view = await carry_out(studio, asker, command)
    names = RoomSetting.model_fields
    await deeds.changed(studio, asker, "room.changed", names, before=asker.space, after=view)
    return view


@router.put("/{space_id}/deputy", responses=_OPEN)
async def set_deputy(body: Deputy, asker: Host, studio: CurrentStudio) -> views.SpaceView:
    """Name who runs the space while the host is away, or nobody. Only the host may."""
    view = await carry_out(studio, asker, SetDeputy(by=asker.by, role=asker.role, seat=body.seat))
    held = asker.space.seats.get(body.seat)
    await deeds.note(
        studio,
        asker,
        "deputy.named",
        f"seat:{body.seat}",
        person=held.person if held else "",
        snapshot=held.name if held else "",
    )
    return view


@router.post("/{space_id}/keep-going", responses=_OPEN)
async def keep_going(asker: Host, studio: CurrentStudio) -> views.SpaceView:
    """Call an announced end off."""
    return await carry_out(studio, asker, c.KeepGoing(by=asker.by, role=asker.role))


@router.post("/{space_id}/rehearsal", responses=_OPEN)
async def rehearse(body: Rehearsal, asker: Host, studio: CurrentStudio) -> views.SpaceView:
    """Begin or end a rehearsal in the green room: nothing of it is recorded."""
    return await carry_out(studio, asker, c.Rehearse(by=asker.by, role=asker.role, on=body.on))


@router.post("/{space_id}/seats/{seat}/ask-unmute", responses=_OPEN)
async def ask_unmute(asker: Host, studio: CurrentStudio, seat: SeatId) -> views.SpaceView:
    """Ask a muted speaker to open the microphone. Nobody can open it for them."""
    return await carry_out(studio, asker, c.AskUnmute(by=asker.by, role=asker.role, seat=seat))


@router.put("/{space_id}/seats/{seat}/away", responses=_OPEN)
async def set_away(
    body: Away, asker: Asker, studio: CurrentStudio, seat: SeatId
) -> views.SpaceView:
    """Tell the others on stage that you are held up, such as by a telephone call, or back."""
    command = SetAway(by=asker.by, role=asker.role, seat=seat, away=body.away)
    return await carry_out(studio, asker, command)


@router.put("/{space_id}/seats/{seat}", responses=_OPEN)
async def set_role(
    body: SeatRole, asker: Host, studio: CurrentStudio, seat: SeatId
) -> views.SpaceView:
    """Make a speaker a co-host, or a co-host a speaker."""
    command = c.SetSeatRole(by=asker.by, role=asker.role, seat=seat, seat_role=Role(body.role))
    view = await carry_out(studio, asker, command)
    held = asker.space.seats.get(seat)
    await deeds.note(
        studio,
        asker,
        "seat.role",
        f"seat:{seat}",
        person=held.person if held else "",
        snapshot=f"{held.name if held else seat}: {body.role}",
    )
    return view


@router.post("/{space_id}/seats/{seat}/restore", responses=_OPEN)
async def restore(asker: Host, studio: CurrentStudio, seat: SeatId) -> views.SpaceView:
    """Give a seat back that was taken away; whoever held it is in again."""
    held = asker.space.seats_removed.get(seat)
    if held is None:
        raise Problem(404, "seat", "There is no such seat to give back.")
    if await studio.suspensions.suspended(held.person):
        raise Problem(409, "suspended", "Who sat here is suspended from the whole site.")
    command = c.GrantSeat(
        by=asker.by,
        role=asker.role,
        seat=held.id,
        name=held.name,
        seat_role=held.role,
        person=held.person,
    )
    view = await carry_out(studio, asker, command)
    await deeds.note(
        studio,
        asker,
        "seat.restored",
        f"seat:{seat}",
        person=held.person,
        snapshot=held.name,
    )
    return view

"""The API: everything a host, a co-host or a speaker does with a space, as JSON.

Whoever calls is signed in (session cookie) or holds a seat (seat cookie of an invitation). Errors
are problem+json; a refusal of the space is a 409, or a 403 when it is about who asks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Path

from hustings import limits, turn
from hustings.space import Command, Refusal, Role, Space, Status
from hustings.space import command as c
from hustings.space.charge import ROLES_STAY, keeps_role
from hustings.space.presence import SetAway
from hustings.web import studio as studios
from hustings.web import views
from hustings.web.problem import Problem, documented, refused
from hustings.web.room import deeds, guests
from hustings.web.room.bodies import Ending, Why
from hustings.web.standing import Asker, CurrentStudio, Host, Standing
from hustings.web.studio import Studio

router: Final = APIRouter(prefix="/api/spaces", tags=["spaces"])
_OPEN: Final = documented(401, 403, 404, 409, 413, 422, 503)
SeatId = Annotated[str, Path(pattern="^[a-z0-9]{1,16}$", examples=["k3v9q1xz"])]


@router.get("/{space_id}", responses=documented(401, 403, 404, 422, 503))
async def get(asker: Asker, studio: CurrentStudio) -> views.SpaceView:
    """One space: its status and its seats."""
    now_ms = studios.now_ms()
    return views.space_view(studio, asker.space, now_ms=now_ms, hosts=asker.hosts)


@router.post("/{space_id}/doors", responses=_OPEN)
async def open_doors(asker: Host, studio: CurrentStudio) -> views.SpaceView:
    """Let listeners in, to the hold sound. From now on everything on air is recorded."""
    return await carry_out(studio, asker, c.OpenDoors(by=asker.by, role=asker.role))


@router.post("/{space_id}/live", responses=_OPEN)
async def go_live(asker: Host, studio: CurrentStudio) -> views.SpaceView:
    """Put the stage on air."""
    return await carry_out(studio, asker, c.GoLive(by=asker.by, role=asker.role))


@router.post("/{space_id}/hold", responses=_OPEN)
async def hold(
    asker: Host, studio: CurrentStudio, body: views.Hold | None = None
) -> views.SpaceView:
    """Off air for a while: the audience hears the hold sound, nothing is recorded.

    With `cut` at once, and nothing that waits in a broadcast delay is ever heard.
    """
    body = body or views.Hold(reason="", cut=False)
    command = c.Hold(by=asker.by, role=asker.role, reason=body.reason, cut=body.cut)
    return await carry_out(studio, asker, command)


@router.post("/{space_id}/resume", responses=_OPEN)
async def resume(asker: Host, studio: CurrentStudio) -> views.SpaceView:
    """Back on air after a hold."""
    return await carry_out(studio, asker, c.Resume(by=asker.by, role=asker.role))


@router.post("/{space_id}/end", responses=_OPEN)
async def end(asker: Host, studio: CurrentStudio, body: Ending | None = None) -> views.SpaceView:
    """End the conversation for good, at once or announced (`in_ms`); the recording is posted."""
    if body and body.in_ms:
        soon = c.EndSoon(by=asker.by, role=asker.role, in_ms=body.in_ms)
        return await carry_out(studio, asker, soon)
    return await carry_out(studio, asker, c.End(by=asker.by, role=asker.role))


@router.post("/{space_id}/cancel", responses=_OPEN)
async def cancel(
    asker: Host, studio: CurrentStudio, body: views.Cancel | None = None
) -> views.SpaceView:
    """Call the space off before it was live."""
    reason = body.reason if body else ""
    return await carry_out(studio, asker, c.Cancel(by=asker.by, role=asker.role, reason=reason))


@router.post("/{space_id}/delay", responses=_OPEN)
async def delay(asker: Host, studio: CurrentStudio, body: views.Delay) -> views.SpaceView:
    """Begin later, at the same address. Doors that open by themselves move along."""
    command = c.Delay(
        by=asker.by, role=asker.role, starts_at_ms=body.starts_at_ms, reason=body.reason
    )
    return await carry_out(studio, asker, command)


@router.post("/{space_id}/seats", status_code=201, responses=_OPEN)
async def invite(asker: Host, studio: CurrentStudio, body: views.Invitation) -> views.InviteView:
    """Grant a seat and get the link that leads to it."""
    now_ms = studios.now_ms()
    made = await studio.spaces.invite(
        asker.space.id,
        by=asker.by,
        role=asker.role,
        name=body.name,
        seat_role=Role(body.role),
        now_ms=now_ms,
    )
    if isinstance(made, Refusal):
        raise refused(made)
    told = f"{body.name}: {body.role}"
    await deeds.note(studio, asker, "seat.invited", f"seat:{made.seat}", snapshot=told)
    return _invite_view(studio, made.seat, made.token, now_ms)


@router.post("/{space_id}/seats/{seat}/link", status_code=201, responses=_OPEN)
async def renew_link(asker: Host, studio: CurrentStudio, seat: SeatId) -> views.InviteView:
    """A new link for a seat; the old one no longer works."""
    _seated(asker, seat)
    role = asker.space.seats[seat].role
    if role is Role.HOST:
        raise Problem(403, "role", "The host's own seat has no link.")
    if keeps_role(asker.space, asker.by, asker.space.seats[seat]):
        raise refused(ROLES_STAY)
    now_ms = studios.now_ms()
    token = await studio.catalogue.invite(asker.space.id, seat, role=role, now_ms=now_ms)
    await _note(studio, asker, "seat.link", seat)
    return _invite_view(studio, seat, token, now_ms)


@router.delete("/{space_id}/seats/{seat}", responses=_OPEN)
async def remove(
    asker: Asker, studio: CurrentStudio, seat: SeatId, body: Why | None = None
) -> views.SpaceView:
    """Take a seat away, or step down from your own. Nobody can take the host's."""
    _seated(asker, seat)
    if asker.space.seats[seat].role is Role.HOST:
        raise Problem(403, "role", "The host's own seat stays.")
    reason = body.reason if body else ""
    result = await studio.spaces.remove(
        asker.space.id,
        by=asker.by,
        role=asker.role,
        seat=seat,
        reason=reason,
        now_ms=studios.now_ms(),
    )
    view = _shown(studio, asker, result)
    if seat != asker.seat:
        await _note(studio, asker, "seat.removed", seat, reason=reason)
    return view


@router.post("/{space_id}/seats/{seat}/mute", responses=_OPEN)
async def mute(
    asker: Asker, studio: CurrentStudio, seat: SeatId, body: Why | None = None
) -> views.SpaceView:
    """Take a seat off air: your own, or any as host. It is neither mixed nor recorded."""
    _seated(asker, seat)
    command = c.MuteSeat(by=asker.by, role=asker.role, seat=seat)
    view = await carry_out(studio, asker, command)
    if seat != asker.seat:
        await _note(studio, asker, "seat.muted", seat, reason=body.reason if body else "")
    return view


@router.post("/{space_id}/seats/{seat}/unmute", responses=_OPEN)
async def unmute(asker: Asker, studio: CurrentStudio, seat: SeatId) -> views.SpaceView:
    """Put your own seat on air again. Nobody can unmute somebody else."""
    _seated(asker, seat)
    return await carry_out(studio, asker, c.UnmuteSeat(by=asker.by, role=asker.role, seat=seat))


@router.post("/{space_id}/seats/{seat}/hand", responses=_OPEN)
async def raise_hand(asker: Asker, studio: CurrentStudio, seat: SeatId) -> views.SpaceView:
    """Ask for the floor from your own seat: everybody on stage and every listener sees it."""
    _seated(asker, seat)
    command = c.RaiseSeatHand(by=asker.by, role=asker.role, seat=seat)
    return await carry_out(studio, asker, command)


@router.delete("/{space_id}/seats/{seat}/hand", responses=_OPEN)
async def lower_hand(asker: Asker, studio: CurrentStudio, seat: SeatId) -> views.SpaceView:
    """Take that hand down: your own, or any as host."""
    _seated(asker, seat)
    command = c.LowerSeatHand(by=asker.by, role=asker.role, seat=seat)
    return await carry_out(studio, asker, command)


@router.post("/{space_id}/ticket", responses=_OPEN)
async def ticket(
    asker: Asker, studio: CurrentStudio, body: views.Sitting | None = None
) -> views.TicketView:
    """The right to send sound from your own seat. It outlives an outage of the studio."""
    right = studio.spaces.ticket(
        asker.space,
        asker.seat,
        now_ms=studios.now_ms(),
        lasts_s=limits.TICKET_PROGRAM_S if body and body.program else limits.TICKET_SPEAK_S,
    )
    if body and body.page:
        studio.watches.taken(asker.space.id, asker.seat, body.page)
    return views.TicketView(
        ticket=right.token,
        whip_url=studio.whip_url(asker.space.id),
        seat=asker.seat,
        expires_at_ms=right.expires_at_ms,
        ice_servers=_relays(studio, asker.seat),
    )


def _relays(studio: Studio, seat: str) -> list[views.IceServer]:
    """The operator's TURN servers, with a right of this seat."""
    settings = studio.settings
    if not settings.turn_urls:
        return []
    given = turn.credentials(
        settings.turn_secret,
        seat=seat,
        now_s=studios.now_ms() // 1000,
        ttl_s=settings.turn_ttl_s,
    )
    server = views.IceServer(
        urls=list(settings.turn_urls), username=given.username, credential=given.password
    )
    return [server]


async def carry_out(studio: Studio, asker: Standing, command: Command) -> views.SpaceView:
    """Carry out a command and show the space after it; a refusal is a problem."""
    result = await studio.spaces.command(asker.space.id, command, now_ms=studios.now_ms())
    said = command.seat if isinstance(command, SetAway) else ""
    return _shown(studio, asker, result, said=said)


def _shown(
    studio: Studio, asker: Standing, result: Space | Refusal, *, said: str = ""
) -> views.SpaceView:
    """The space after a command; `said` is the seat that has just said whether it is away."""
    if isinstance(result, Refusal):
        raise refused(result)
    # What was decided is new; what the stage observed, such as that somebody is back and no longer
    # away, is as it was a moment ago.
    before = asker.space.seats
    seats = {
        seat.id: replace(
            seat,
            connected=before[seat.id].connected,
            speaking=before[seat.id].speaking,
            lost=before[seat.id].lost,
            left_at_ms=before[seat.id].left_at_ms,
            away=seat.away if seat.id == said else before[seat.id].away,
        )
        if seat.id in before and result.status is not Status.ENDED
        else seat
        for seat in result.seats.values()
    }
    shown = replace(result, seats=seats)
    return views.space_view(studio, shown, now_ms=studios.now_ms(), hosts=asker.hosts)


async def _note(studio: Studio, asker: Standing, did: str, seat: str, *, reason: str = "") -> None:
    held = asker.space.seats[seat]
    await deeds.note(
        studio,
        asker,
        did,
        f"seat:{seat}",
        person=held.person or guests.seated(asker.space.id, seat, key=studio.cookies.key),
        reason=reason,
        snapshot=held.name,
    )


def _seated(asker: Standing, seat: str) -> None:
    if seat in asker.space.seats_removed:
        raise Problem(404, "seat", "This seat was taken away already.")
    if seat not in asker.space.seats:
        raise Problem(404, "seat", "There is no such seat.")


def _invite_view(studio: Studio, seat: str, token: str, now_ms: int) -> views.InviteView:
    return views.InviteView(
        seat=seat,
        link=studio.invite_url(token),
        expires_at_ms=now_ms + limits.INVITE_S * 1000,
    )

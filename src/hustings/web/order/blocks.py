"""Blocks: hosts keep somebody from writing and speaking in their space, and let them again.

The space itself decides and remembers (its log); the block takes the person's hand and seat. What
is done is written down in the audit log.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.space import Refusal, Role, Space
from hustings.space import command as c
from hustings.web import studio as studios
from hustings.web import views
from hustings.web.order.views import NewBlock, PersonId, Why
from hustings.web.problem import Problem, documented, refused
from hustings.web.room import guests
from hustings.web.standing import CurrentStudio, Host, Standing
from hustings.web.studio import Studio

router: Final = APIRouter(prefix="/api/spaces", tags=["moderation"])
_OPEN: Final = documented(401, 403, 404, 409, 413, 422, 503)


@router.post("/{space_id}/blocks", status_code=201, responses=_OPEN)
async def block(asker: Host, studio: CurrentStudio, body: NewBlock) -> views.SpaceView:
    """Keep somebody from writing and speaking in this space; they lose their hand and seat."""
    if body.person == f"a-{asker.listed.owner_id}":
        raise Problem(403, "role", "The host of a space cannot be blocked from it.")
    now_ms = studios.now_ms()
    command = c.BlockPerson(
        by=asker.by, role=asker.role, person=body.person, name=body.name, reason=body.reason
    )
    result = await keep_out(studio, asker.space, command, now_ms=now_ms)
    if isinstance(result, Refusal):
        raise refused(result)
    await studio.audit.add(
        by=person_of(asker),
        by_name=name_of(asker),
        did="person.blocked",
        space=result.id,
        about=f"person:{body.person}",
        person=body.person,
        reason=body.reason,
        snapshot=body.name,
        now_ms=now_ms,
    )
    return views.space_view(studio, result, now_ms=now_ms, hosts=True)


@router.delete("/{space_id}/blocks/{person}", responses=_OPEN)
async def unblock(
    asker: Host, studio: CurrentStudio, person: PersonId, body: Why | None = None
) -> views.SpaceView:
    """Let somebody write and speak again."""
    now_ms = studios.now_ms()
    reason = body.reason if body else ""
    before = asker.space.blocked.get(person)
    command = c.UnblockPerson(by=asker.by, role=asker.role, person=person, reason=reason)
    result = await studio.spaces.command(asker.space.id, command, now_ms=now_ms)
    if isinstance(result, Refusal):
        raise refused(result)
    await studio.audit.add(
        by=person_of(asker),
        by_name=name_of(asker),
        did="person.unblocked",
        space=result.id,
        about=f"person:{person}",
        person=person,
        reason=reason,
        snapshot=before.name if before else "",
        now_ms=now_ms,
    )
    return views.space_view(studio, result, now_ms=now_ms, hosts=True)


async def keep_out(
    studio: Studio, space: Space, block: c.BlockPerson, *, now_ms: int
) -> Space | Refusal:
    """Block a person, and take the seat of one who is known by nothing but an invitation."""
    result = await studio.spaces.block(space.id, block, now_ms=now_ms)
    if isinstance(result, Refusal):
        return result
    for seat in result.seats.values():
        unnamed = guests.seated(space.id, seat.id, key=studio.cookies.key)
        if not seat.person and unnamed == block.person:
            gone = await studio.spaces.remove(
                space.id,
                by=block.by,
                role=block.role or Role.HOST,
                seat=seat.id,
                reason=block.reason,
                now_ms=now_ms,
            )
            return result if isinstance(gone, Refusal) else gone
    return result


def person_of(asker: Standing) -> str:
    """Who acts, for the audit log: a person if that is known, their seat otherwise."""
    if asker.account is not None:
        return asker.account.person
    seat = asker.space.seats.get(asker.seat)
    return (seat.person if seat else "") or asker.seat


def name_of(asker: Standing) -> str:
    """The name under which the asker acts."""
    seat = asker.space.seats.get(asker.seat)
    if seat is not None:
        return seat.name
    return asker.account.name if asker.account else ""

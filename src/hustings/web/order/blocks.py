"""Blocks: hosts keep somebody from writing and speaking in their space, and let them again.

The space itself decides and remembers (its log); the block takes the person's hand and seat. What
is done is written down in the audit log.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.space import Refusal
from hustings.space import command as c
from hustings.web import studio as studios
from hustings.web import views
from hustings.web.order.views import NewBlock, PersonId, Why
from hustings.web.problem import Problem, documented, refused
from hustings.web.standing import CurrentStudio, Host, Standing

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
    result = await studio.spaces.command(asker.space.id, command, now_ms=now_ms)
    if isinstance(result, Refusal):
        raise refused(result)
    for seat in asker.space.seats.values():
        if seat.person == body.person:
            await studio.catalogue.uninvite(asker.space.id, seat.id)
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
    return views.space_view(studio, result, now_ms=now_ms)


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
    return views.space_view(studio, result, now_ms=now_ms)


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

"""Hands: raising one's own and lowering it, and the host's answers to them."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.space import Role, Space
from hustings.space import command as c
from hustings.web import secret, views
from hustings.web import studio as studios
from hustings.web.api import carry_out
from hustings.web.problem import Problem, documented
from hustings.web.room import chat, deeds
from hustings.web.room.bodies import OwnHand, PersonId, RaisedHand, Why
from hustings.web.room.talker import Talking, Writing
from hustings.web.spaces import SEAT_CHARS
from hustings.web.standing import CurrentStudio, Host

router: Final = APIRouter(prefix="/api/spaces", tags=["room"])
_OPEN: Final = documented(401, 403, 404, 409, 413, 422, 503)
_OWN: Final = documented(401, 403, 404, 409, 413, 422, 429, 503)


@router.post("/{space_id}/hand", status_code=201, responses=_OWN)
async def raise_hand(
    who: Writing, studio: CurrentStudio, body: RaisedHand | None = None
) -> OwnHand:
    """Raise your hand. The host sees it in the order raised, with your note."""
    now_ms = studios.now_ms()
    pace = who.heard.hand_pace
    if (wait_ms := pace.wait_ms(who.person, now_ms=now_ms)) > 0:
        raise chat.wait(wait_ms)
    command = c.RaiseHand(
        by=who.person,
        role=Role.LISTENER,
        person=who.person,
        name=who.name,
        note=body.note if body else "",
    )
    space = await deeds.decide(studio, who.space.id, command)
    pace.note(who.person, now_ms)
    return _own(space, who.person)


@router.get("/{space_id}/hand", responses=_OPEN)
async def own_hand(who: Talking, studio: CurrentStudio) -> OwnHand:
    """Your hand and its place in the queue; 404 once it is down."""
    space = await studio.spaces.state(who.space.id)
    if who.person not in space.hands:
        raise Problem(404, "missing", "Your hand is not raised.")
    return _own(space, who.person)


@router.delete("/{space_id}/hand", status_code=204, responses=_OWN)
async def lower_hand(who: Talking, studio: CurrentStudio) -> None:
    """Take your hand down, or decline an invitation."""
    command = c.LowerHand(by=who.person, role=Role.LISTENER, person=who.person)
    await deeds.decide(studio, who.space.id, command)


@router.post("/{space_id}/hands/{person}/invite", responses=_OPEN)
async def invite(asker: Host, studio: CurrentStudio, person: PersonId) -> views.SpaceView:
    """Invite somebody who raised a hand to a seat. Their page asks them whether they come."""
    seat = secret.identifier(SEAT_CHARS)
    command = c.InviteHand(by=asker.by, role=asker.role, person=person, seat=seat)
    view = await carry_out(studio, asker, command)
    hand = asker.space.hands.get(person)
    name = hand.name if hand else ""
    await deeds.note(studio, asker, "hand.invited", f"seat:{seat}", person=person, snapshot=name)
    return view


@router.delete("/{space_id}/hands/{person}/invite", responses=_OPEN)
async def uninvite(asker: Host, studio: CurrentStudio, person: PersonId) -> views.SpaceView:
    """Take the invitation back; the hand stays up."""
    command = c.UninviteHand(by=asker.by, role=asker.role, person=person)
    return await carry_out(studio, asker, command)


@router.delete("/{space_id}/hands/{person}", responses=_OPEN)
async def dismiss(
    asker: Host, studio: CurrentStudio, person: PersonId, body: Why | None = None
) -> views.SpaceView:
    """Take somebody's hand down."""
    reason = body.reason if body else ""
    hand = asker.space.hands.get(person)
    command = c.LowerHand(by=asker.by, role=asker.role, person=person, reason=reason)
    view = await carry_out(studio, asker, command)
    await deeds.note(
        studio,
        asker,
        "hand.lowered",
        f"person:{person}",
        person=person,
        reason=reason,
        snapshot=f"{hand.name}: {hand.note}" if hand else "",
    )
    return view


def _own(space: Space, person: str) -> OwnHand:
    hand = space.hands[person]
    before = list(space.hands)[: list(space.hands).index(person)]
    return OwnHand(
        person=hand.person,
        name=hand.name,
        note=hand.note,
        raised_at_ms=hand.raised_at_ms,
        seat=hand.seat,
        place=1 + sum(not space.hands[one].seat for one in before),
    )

"""Taking a seat: who raised a hand and was invited comes to the stage.

the player  ──GET /s/{id}/take?ticket=…──▶  what is recorded, what becomes of it
            ──POST──▶  the seat, its cookie, and the stage with its microphone check
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from hustings import limits
from hustings.errors import BadInput
from hustings.space import Hand, Role, Seat, Space
from hustings.space import command as c
from hustings.ticket import Scope
from hustings.web import forms, page
from hustings.web import studio as studios
from hustings.web.accounts import Account
from hustings.web.problem import Problem
from hustings.web.room import deeds, guests, talker
from hustings.web.standing import CurrentStudio, Visitor, find
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_TALK: Final = frozenset({Scope.TALK})
_HOSTS: Final = frozenset({Role.HOST, Role.COHOST})
_NO_TICKET: Final = "This link is not good any more. Go back to the page of the conversation."
_NO_INVITATION: Final = (
    "You are not invited to speak at the moment. The host may have taken the invitation back."
)
_HOSTS_SEAT: Final = "A host's seat is taken on the studio's pages: sign in there."


class TakeForm(BaseModel):
    """Somebody who comes to the stage. `ticket` says who, where no account does."""

    ticket: Annotated[str, Field(max_length=limits.TICKET_BYTES)] = ""


@dataclass(frozen=True, slots=True)
class _Invited:
    """Who was invited: by their hand, or on the seat already."""

    space: Space
    hand: Hand | None
    seat: Seat | None


@router.get("/s/{space_id}/take")
async def ask(
    request: Request,
    space_id: str,
    account: Visitor,
    studio: CurrentStudio,
    ticket: Annotated[str, Query(max_length=limits.TICKET_BYTES)] = "",
) -> Response:
    """Say what taking the seat means."""
    person = _person(studio, request, space_id, account, ticket)
    if not person:
        here = f"/s/{space_id}/take"
        return RedirectResponse(f"/sign-in?next={quote(here, safe='')}", 303)
    invited = await _invited(studio, space_id, person)
    values: dict[str, Any] = {
        "space": invited.space,
        "name": invited.hand.name if invited.hand else invited.seat.name if invited.seat else "",
        "ticket": ticket,
        "back": studio.share_url(space_id),
    }
    answer = page.render(request, "take.html", values)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@router.post("/s/{space_id}/take")
async def take(
    request: Request, space_id: str, account: Visitor, studio: CurrentStudio
) -> Response:
    """Sit down. Whoever comes twice comes to the same seat."""
    filled = await forms.read(request, TakeForm)
    ticket = filled.form.ticket if filled.form else ""
    person = _person(studio, request, space_id, account, ticket)
    if not person:
        raise Problem(401, "sign-in", "Say your name or sign in first.")
    suspension = await studio.suspensions.of(person, now_ms=studios.now_ms())
    if suspension is not None:
        raise talker.suspended(suspension)
    invited = await _invited(studio, space_id, person)
    if invited.seat is not None:
        # A ticket lies with the page of the listen origin: it never makes a host.
        own = _person(studio, request, space_id, account, "")
        if invited.seat.role in _HOSTS and own != person:
            raise Problem(403, "role", _HOSTS_SEAT)
        seat = invited.seat.id
    else:
        assert invited.hand is not None, "somebody is invited by a hand, or sits already"
        seat = invited.hand.seat
        command = c.GrantSeat(
            by=person,
            role=Role.LISTENER,
            seat=seat,
            name=invited.hand.name,
            seat_role=Role.SPEAKER,
            person=person,
        )
        await deeds.decide(studio, space_id, command)
    answer = RedirectResponse(f"/s/{space_id}/stage", 303)
    account_id = person.removeprefix("a-") if person.startswith("a-") else ""
    studio.cookies.set_seat(answer, space_id, seat, account=account_id, now_ms=studios.now_ms())
    return answer


def _person(
    studio: Studio, request: Request, space_id: str, account: Account | None, ticket: str
) -> str:
    """Who this is: by the ticket, by the account, or as a guest known to this browser."""
    now_ms = studios.now_ms()
    if ticket:
        try:
            right = studio.tickets.check(ticket, scopes=_TALK, now_ms=now_ms)
        except BadInput:
            raise Problem(403, "ticket", _NO_TICKET) from None
        if right.space == space_id:
            return right.person
        raise Problem(403, "ticket", "This ticket is for another space.")
    if account is not None:
        return account.person
    guest = guests.known(studio.cookies, request, now_ms=now_ms)
    return guest.person if guest else ""


async def _invited(studio: Studio, space_id: str, person: str) -> _Invited:
    await find(studio, space_id)
    space = await studio.spaces.state(space_id)
    seat = next((one for one in space.seats.values() if one.person == person), None)
    hand = space.hands.get(person)
    if seat is None and (hand is None or not hand.seat):
        raise Problem(410, "gone", _NO_INVITATION)
    return _Invited(space, hand, seat)

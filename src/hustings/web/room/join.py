"""Joining: from the page of the listen origin to a ticket to talk, and back to where one was.

    the player  ──GET /s/{id}/join?for=hand──▶  who are you: an account, or a guest with a name
                ──POST──▶ 303 to the player, with the ticket behind the address' `#`

What stands behind `#` is sent to no server. A private space's page comes with its ticket to listen
(`ticket`), because nobody else may talk there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

from hustings import limits
from hustings.errors import BadInput
from hustings.space import Space, Status
from hustings.ticket import Scope
from hustings.web import forms, page, secret, views
from hustings.web import studio as studios
from hustings.web.access import address
from hustings.web.accounts import Account
from hustings.web.agenda.acts import may_listen, may_still_listen
from hustings.web.problem import Problem, documented
from hustings.web.room import guests, talker
from hustings.web.room.bodies import TalkTicketView
from hustings.web.room.guests import Guest
from hustings.web.standing import CurrentStudio, Visitor, find
from hustings.web.studio import Studio

pages: Final = APIRouter(include_in_schema=False)
router: Final = APIRouter(tags=["room"])

RENEWAL: Final = "/api/talk-tickets/renew"
_OVER: Final = frozenset({Status.ENDED, Status.POSTED, Status.WITHHELD, Status.CANCELLED})
_LISTENING: Final = frozenset({Scope.LISTEN, Scope.INVITE, Scope.TALK, Scope.SPEAK})
_PRIVATE: Final = "This conversation is private. Come from its page, or open the link to it."
_FLOOD: Final = "Too many new guests from here. Try again in a minute."

Aim: TypeAlias = Literal["chat", "hand", "question"]


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody comes for, and with which ticket to listen."""

    aim: Aim
    ticket: str

    @property
    def query(self) -> str:
        """The same in an address."""
        return urlencode({"for": self.aim, **({"ticket": self.ticket} if self.ticket else {})})


async def errand(
    aim: Annotated[Aim, Query(alias="for")] = "chat",
    ticket: Annotated[str, Query(max_length=limits.TICKET_BYTES)] = "",
) -> Errand:
    """From the address."""
    return Errand(aim, ticket)


Coming: TypeAlias = Annotated[Errand, Depends(errand)]


class JoinForm(BaseModel):
    """A guest's name."""

    name: views.Name


@pages.get("/s/{space_id}/join")
async def ask(
    request: Request,
    space_id: str,
    account: Visitor,
    studio: CurrentStudio,
    coming: Coming,
) -> Response:
    """Ask who wants to talk."""
    space = await _space(studio, space_id, account, coming.ticket)
    known = guests.known(studio.cookies, request, now_ms=studios.now_ms())
    name = known.name if known else ""
    values = _values(studio, space, coming, name)
    return page.render(request, "join.html", {**values, "errors": {}})


@pages.post("/s/{space_id}/join")
async def join(
    request: Request,
    space_id: str,
    account: Visitor,
    studio: CurrentStudio,
    coming: Coming,
) -> Response:
    """Give a ticket to whoever said who they are."""
    now_ms = studios.now_ms()
    space = await _space(studio, space_id, account, coming.ticket)
    if account is not None:
        who = Guest(account.person, account.name)
        await _admit(studio, space, who)
        session = studio.cookies.session(request)
        sign_in = secret.digest(session) if session else ""
        return _back(studio, space, who, coming.aim, now_ms, sign_in=sign_in)
    if not space.guests:
        raise Problem(403, "guests", "Sign in first: the host does not take guests here.")
    known = guests.known(studio.cookies, request, now_ms=now_ms)
    filled = await forms.read(request, JoinForm)
    if filled.form is None:
        values = _values(studio, space, coming, filled.values.get("name", ""))
        shown = {**values, "errors": filled.errors}
        return page.render(request, "join.html", shown, status=422)
    here = address.of(request)
    if known is None:
        _paced(studio, here, now_ms)
    who = Guest(known.person, filled.form.name) if known else guests.new(filled.form.name)
    if await studio.suspensions.barred(here, now_ms=now_ms):
        raise Problem(403, "suspended", "Guests from here may not talk today. Sign in instead.")
    await _admit(studio, space, who)
    await studio.suspensions.met(who.person, here, now_ms=now_ms)
    answer = _back(studio, space, who, coming.aim, now_ms)
    guests.keep(studio.cookies, answer, who, now_ms=now_ms)
    return answer


@router.post(RENEWAL, responses=documented(401, 403, 404, 413, 422, 503))
async def renew(request: Request, studio: CurrentStudio) -> TalkTicketView:
    """A new ticket to talk, for one that is still good (`Authorization: Bearer …`)."""
    now_ms = studios.now_ms()
    try:
        right = studio.tickets.check(
            talker.bearer(request), scopes=frozenset({Scope.TALK}), now_ms=now_ms
        )
    except BadInput as error:
        raise Problem(401, "ticket", f"{error}.") from None
    await talker.signed_in_still(studio, right)
    who = Guest(right.person, right.name)
    await _still_in(studio, right.space, who)
    token = studio.tickets.make(
        right.space, person=who.person, name=who.name, sign_in=right.sign_in, now_ms=now_ms
    )
    return TalkTicketView(
        ticket=token, person=who.person, name=who.name, expires_in_s=limits.TICKET_TALK_S
    )


async def _space(studio: Studio, space_id: str, account: Account | None, token: str) -> Space:
    """The space, for somebody who may see it."""
    listed = await find(studio, space_id)
    space = await studio.spaces.state(space_id)
    if not space.private:
        return space
    if account is not None and await may_listen(studio, space, listed.owner_id, account):
        return space
    try:
        right = studio.tickets.check(token, scopes=_LISTENING, now_ms=studios.now_ms())
    except BadInput:
        raise Problem(403, "private", _PRIVATE) from None
    if right.space != space_id:
        raise Problem(403, "private", _PRIVATE)
    return space


def _values(studio: Studio, space: Space, coming: Errand, name: str) -> dict[str, Any]:
    here = f"/s/{space.id}/join?{coming.query}"
    return {
        "space": space,
        "aim": coming.aim,
        "over": space.status in _OVER,
        "action": here,
        "sign_in": f"/sign-in?next={quote(here, safe='')}",
        "back": studio.share_url(space.id),
        "values": {"name": name},
    }


def _back(
    studio: Studio, space: Space, who: Guest, aim: Aim, now_ms: int, *, sign_in: str = ""
) -> Response:
    token = studio.tickets.make(
        space.id, person=who.person, name=who.name, sign_in=sign_in, now_ms=now_ms
    )
    fragment = urlencode({"talk": token, "for": aim})
    answer = RedirectResponse(f"{studio.share_url(space.id)}#{fragment}", 303)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


async def _admit(studio: Studio, space: Space, who: Guest) -> None:
    if space.status in _OVER:
        raise Problem(409, "status", "This conversation is over.")
    if who.person in space.blocked:
        raise Problem(403, "blocked", "You are blocked from this space.")
    await _unsuspended(studio, who)


async def _still_in(studio: Studio, space_id: str, who: Guest) -> None:
    """A problem for whoever would get no ticket any more."""
    listed = await find(studio, space_id)
    space = await studio.spaces.state(space_id)
    if who.person in space.blocked:
        raise Problem(403, "blocked", "You are blocked from this space.")
    await _unsuspended(studio, who)
    account = who.person.startswith("a-")
    if space.private and account and not await may_still_listen(studio, listed.id, who.person):
        # Perhaps they came by the link, which may be good still: the way in asks for it.
        raise Problem(401, "member", "Come in once more: this conversation is private.")


async def _unsuspended(studio: Studio, who: Guest) -> None:
    suspension = await studio.suspensions.of(who.person, now_ms=studios.now_ms())
    if suspension is not None:
        raise talker.suspended(suspension)


def _paced(studio: Studio, address: str, now_ms: int) -> None:
    """A flood of new names from one address is slowed down: a name costs nothing."""
    wait_ms = studio.joins.wait_ms(address, now_ms=now_ms)
    if wait_ms > 0:
        raise Problem(429, "pace", _FLOOD, retry_s=limits.JOINS_S)
    studio.joins.note(address, now_ms)

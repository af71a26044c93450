"""Who talks in a space: whoever is known by a ticket to talk, by an account, or by a seat.

    Authorization: Bearer <ticket>   a page of the listen origin: an account or a guest with a name
    a seat's cookie                  a speaker or a co-host, on the studio's pages
    a sign-in, or an API token       the host, a site moderator, or anybody with an account

A ticket never makes a host, whoever holds it: hosts run their spaces from the studio. For a ticket
the database is asked at most once in some seconds, whether its sign-in has ended, and the space is
the one that this process follows, so that hundreds of messages a second are possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Request

from hustings.errors import BadInput
from hustings.space import ON_STAGE, Role, Seat, Space
from hustings.space.rule import not_now
from hustings.ticket import Scope, Ticket
from hustings.web import studio as studios
from hustings.web.access import caller
from hustings.web.accounts import Account, SiteRole
from hustings.web.agenda.acts import may_listen
from hustings.web.order.suspension import Suspension
from hustings.web.problem import Problem, refused
from hustings.web.room import guests
from hustings.web.room.heard import Heard
from hustings.web.standing import find, seat_of, visitor
from hustings.web.studio import Studio
from hustings.web.watch import Room

_HOSTS: Final = frozenset({Role.HOST, Role.COHOST})
_MODERATORS: Final = frozenset({SiteRole.OWNER, SiteRole.MODERATOR})
_TALK: Final = frozenset({Scope.TALK})
_NO_TICKET: Final = "This is not a good ticket any more. Say your name again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Talker:
    """Somebody in a space, under a name. `seat` is "" for who has none; `moderates`: as one who
    keeps order on the whole site."""

    space: Space
    heard: Heard
    person: str
    name: str
    role: Role = Role.LISTENER
    seat: str = ""
    moderates: bool = False

    @property
    def by(self) -> str:
        """The name under which decisions are written down."""
        return self.seat or self.person

    @property
    def hosts(self) -> bool:
        """Whether this is who runs the space, on a page of the studio."""
        return self.role in _HOSTS

    @property
    def guest(self) -> bool:
        """Whether nobody vouches for this person: no account, no seat."""
        return self.person.startswith("g-") and not self.seat


def bearer(request: Request) -> str:
    """The ticket in the Authorization field, "" if there is none. API tokens are no tickets."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    return token if kind.lower() == "bearer" and token.count(".") == 2 else ""


async def talker(request: Request, space_id: str) -> Talker:
    """Who talks; a problem if that is nobody."""
    studio = studios.of(request)
    token = bearer(request)
    if token:
        return await _by_ticket(studio, space_id, token)
    account = await visitor(request)
    listed = await find(studio, space_id)
    room = await studio.watches.room(space_id)
    seats = room.space.seats
    if account is not None and account.id == listed.owner_id:
        held = await studio.catalogue.seat_of(space_id, account.id)
        return _account(room, account, role=Role.HOST, seat=held if held in seats else "")
    seat = await seat_of(request, room.space, account)
    if seat in seats:
        return _seated(studio, room, account, seats[seat])
    if account is None:
        raise Problem(401, "sign-in", "Say your name or sign in first.")
    if (
        room.space.private
        and account.role not in _MODERATORS
        and not await may_listen(studio, room.space, listed.owner_id, account)
    ):
        raise Problem(403, "stranger", "You have no seat in this space.")
    return _account(room, account)


def _account(room: Room, account: Account, *, role: Role = Role.LISTENER, seat: str = "") -> Talker:
    return Talker(
        space=room.space,
        heard=room.heard,
        person=account.person,
        name=account.name,
        role=role,
        seat=seat,
        moderates=account.role in _MODERATORS,
    )


def _seated(studio: Studio, room: Room, account: Account | None, seat: Seat) -> Talker:
    """Somebody on stage, under the name of the seat."""
    person = seat.person or (account.person if account else "")
    return Talker(
        space=room.space,
        heard=room.heard,
        person=person or guests.seated(room.space.id, seat.id, key=studio.cookies.key),
        name=seat.name,
        role=room.space.role_of(seat.id),
        seat=seat.id,
        moderates=account is not None and account.role in _MODERATORS,
    )


async def signed_in_still(studio: Studio, right: Ticket) -> None:
    """A problem if the sign-in that a ticket was given for has ended."""
    if right.sign_in and not await studio.signed_in.still(right.sign_in, now_ms=studios.now_ms()):
        raise Problem(401, "ticket", _NO_TICKET)


async def _by_ticket(studio: Studio, space_id: str, token: str) -> Talker:
    try:
        right = studio.tickets.check(token, scopes=_TALK, now_ms=studios.now_ms())
    except BadInput:
        raise Problem(401, "ticket", _NO_TICKET) from None
    if right.space != space_id:
        raise Problem(403, "ticket", "This ticket is for another space.")
    await signed_in_still(studio, right)
    room = await studio.watches.room(space_id)
    return Talker(space=room.space, heard=room.heard, person=right.person, name=right.name)


async def writes(request: Request, who: Annotated[Talker, Depends(talker)]) -> Talker:
    """The same, of somebody who may put something before others now: on air, and not shut out."""
    await admitted(studios.of(request), who)
    if who.space.status not in ON_STAGE:
        raise refused(not_now(who.space.status))
    return who


async def admitted(studio: Studio, who: Talker) -> None:
    """A problem for whoever is suspended, blocked, or a guest where guests may not write."""
    now_ms = studios.now_ms()
    suspension = await studio.suspensions.of(who.person, now_ms=now_ms)
    if suspension is not None:
        raise suspended(suspension)
    if who.person in who.space.blocked:
        raise Problem(403, "blocked", "You are blocked from this space.")
    if who.guest and not who.space.guests:
        raise Problem(403, "guests", "Sign in first: the host does not take guests here.")


def suspended(suspension: Suspension) -> Problem:
    """The refusal of somebody who may not write or speak on the whole site."""
    if suspension.person.startswith("g-"):
        return Problem(403, "suspended", "You may not write or speak here at the moment.")
    return caller.suspended(suspension)


Talking: TypeAlias = Annotated[Talker, Depends(talker)]
Writing: TypeAlias = Annotated[Talker, Depends(writes)]

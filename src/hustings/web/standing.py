"""Who asks: an account, and what the asker is in one space.

Dependencies of the routes. In a space somebody is its host (the account that owns it), whoever the
account's own seat says, or else the seat in the cookie, with the role that the seat has in the
space's log; a deputy in charge has a co-host's. A seat that was revoked counts for nothing,
whatever the cookie says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from hustings.errors import BadInput
from hustings.log import subjects
from hustings.space import Role, Space
from hustings.web import studio as studios
from hustings.web.access import caller
from hustings.web.accounts import Account
from hustings.web.catalogue import Listed
from hustings.web.problem import Problem
from hustings.web.room import guests
from hustings.web.studio import Studio

_HOSTS = frozenset({Role.HOST, Role.COHOST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the asker is in a space. `seat` is "" for a host whose own seat was given up."""

    listed: Listed
    space: Space
    account: Account | None
    seat: str
    role: Role

    @property
    def by(self) -> str:
        """The name under which decisions are written down."""
        return self.seat or (self.account.id if self.account else "")

    @property
    def owns(self) -> bool:
        """Whether the asker is here by the account that owns this space, not by a seat."""
        return self.account is not None and self.account.id == self.listed.owner_id

    @property
    def hosts(self) -> bool:
        """Whether the asker runs this space."""
        return self.role in _HOSTS


async def current(request: Request) -> Studio:
    """The studio. `async`, because a plain function would be taken to a thread for each request."""
    return studios.of(request)


async def visitor(request: Request) -> Account | None:
    """Who is signed in on this browser or calls with an API token, if anybody."""
    return await caller.account(request)


async def signed_in(account: Annotated[Account | None, Depends(visitor)]) -> Account:
    """The account; a problem if nobody is signed in."""
    if account is None:
        raise Problem(401, "sign-in", "Sign in first.")
    return account


async def standing(
    request: Request, space_id: str, account: Annotated[Account | None, Depends(visitor)]
) -> Standing:
    """What the asker is in `space_id`; a problem if that is nothing."""
    studio = studios.of(request)
    listed = await find(studio, space_id)
    space = await studio.spaces.state(space_id)
    if account is not None and account.id == listed.owner_id:
        seat = await studio.catalogue.seat_of(space_id, account.id)
        held = seat if seat in space.seats else ""
        return Standing(listed=listed, space=space, account=account, seat=held, role=Role.HOST)
    seat = await seat_of(request, space, account)
    if seat in space.seats:
        unnamed = guests.seated(space_id, seat, key=studio.cookies.key)
        await caller.check(request, space.seats[seat].person or unnamed)
        role = space.role_of(seat)
        return Standing(listed=listed, space=space, account=account, seat=seat, role=role)
    if seat:
        raise Problem(403, "seat", "Your seat in this space was taken away.")
    if account is None:
        raise Problem(401, "sign-in", "Sign in, or open the invitation that you were sent.")
    raise Problem(403, "stranger", "You have no seat in this space.")


async def seat_of(request: Request, space: Space, account: Account | None) -> str:
    """Where the asker sits: on the account's own seat, or on one that this browser was invited to,
    which may be gone."""
    studio = studios.of(request)
    if account is not None:
        held = await studio.catalogue.seat_of(space.id, account.id)
        own = (one.id for one in space.seats.values() if one.person == account.person)
        if seat := held if held in space.seats else next(own, ""):
            return seat
    signed_in = account.id if account else ""
    return studio.cookies.seat(request, space.id, account=signed_in, now_ms=studios.now_ms())


async def host(asker: Annotated[Standing, Depends(standing)]) -> Standing:
    """The same, for hosts and co-hosts only."""
    if not asker.hosts:
        raise Problem(403, "role", "Only the host or a co-host can do this.")
    return asker


async def find(studio: Studio, space_id: str) -> Listed:
    """The space in the catalogue; 404 if there is none."""
    try:
        listed = await studio.catalogue.get(subjects.checked(space_id))
    except BadInput:
        listed = None
    if listed is None:
        raise HTTPException(404)
    return listed


Visitor: TypeAlias = Annotated[Account | None, Depends(visitor)]
SignedIn: TypeAlias = Annotated[Account, Depends(signed_in)]
Asker: TypeAlias = Annotated[Standing, Depends(standing)]
Host: TypeAlias = Annotated[Standing, Depends(host)]
CurrentStudio: TypeAlias = Annotated[Studio, Depends(current)]

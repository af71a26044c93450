"""Suspending and reinstating: the seats that go with it.

Suspending takes the person off every stage and ends the links that lead there; reinstating gives
back the same seats under the same links, wherever the space is not over. Everything else that an
account has was never taken.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from hustings import limits
from hustings.errors import LogError
from hustings.space import Refusal, Role, Seat, Status
from hustings.space import command as c
from hustings.web import studio as studios
from hustings.web.accounts import Account, SiteRole
from hustings.web.catalogue import Listed
from hustings.web.order.rights import may_suspend
from hustings.web.order.suspension import Suspension, TakenSeat
from hustings.web.problem import Problem
from hustings.web.room import guests
from hustings.web.studio import Studio

log = logging.getLogger("hustings.web")

_RUNNING: Final = (Status.LIVE, Status.DOORS, Status.HELD)
_LOOK_S: Final = 5.0
_DAY_MS: Final = 86_400_000


def until(days: int | None, *, now_ms: int) -> int | None:
    """When a suspension of so many days ends; None: for good."""
    return None if days is None else now_ms + days * _DAY_MS


async def suspend(
    studio: Studio,
    person: str,
    *,
    name: str,
    reason: str,
    until_ms: int | None,
    by: Account,
    now_ms: int,
) -> Suspension:
    """Suspend an account or ban a guest, and take their seats."""
    account = await suspendable(studio, person, by)
    suspension = await studio.suspensions.add(
        person,
        name=account.name if account else name,
        reason=reason,
        until_ms=until_ms,
        by=f"a-{by.id}",
        by_name=by.name,
        now_ms=now_ms,
    )
    # Who is on air now comes first.
    for statuses in (_RUNNING, (Status.SCHEDULED,)):
        spaces = await studio.catalogue.in_status(statuses)
        for listed in spaces[: limits.SUSPENDED_SPACES_COUNT]:
            await _take_seats(studio, listed, suspension, by=by, now_ms=now_ms)
    return suspension


async def suspendable(studio: Studio, person: str, by: Account) -> Account | None:
    """The account that `by` may suspend, None for a guest; a problem if they may not."""
    account = await _account(studio, person)
    if not may_suspend(by, account):
        raise Problem(403, "role", "You may not suspend this account.")
    return account


async def reinstate(
    studio: Studio, suspension: Suspension, *, reason: str, by: str, by_name: str, now_ms: int
) -> bool:
    """End a suspension and give back what it took; False if it had ended already."""
    for taken in await studio.suspensions.taken(suspension):
        try:
            await _give_back(studio, taken, suspension.person, by=by, now_ms=now_ms)
        except Problem as problem:
            # Its log is gone: there is no seat to give back.
            log.warning("space %s: seat %s: %s", taken.space, taken.seat, problem.detail)
    return await studio.suspensions.lift(
        suspension, reason=reason, by=by, by_name=by_name, now_ms=now_ms
    )


async def may_reinstate(studio: Studio, person: str, by: Account) -> None:
    """A problem for whoever neither stands above the person nor is an owner: there is nobody above
    an owner, whom another one may have raised in the moment of the suspension."""
    kind, _, identity = person.partition("-")
    target = await studio.accounts.get(identity) if kind == "a" else None
    if target is not None and not (by.role is SiteRole.OWNER or by.above(target.role)):
        raise Problem(403, "role", "You may not reinstate this account.")


async def run(studio: Studio) -> None:
    """End suspensions whose time is over, until cancelled."""
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            await end_due(studio, now_ms=studios.now_ms())
        except (LogError, SQLAlchemyError) as error:
            log.warning("suspensions: %s", error)


async def end_due(studio: Studio, *, now_ms: int) -> None:
    """End those whose time is over."""
    for one in await studio.suspensions.run_out(now_ms=now_ms):
        await reinstate(
            studio, one, reason="Its time is over.", by="timer", by_name="", now_ms=now_ms
        )


async def _account(studio: Studio, person: str) -> Account | None:
    """The account that this person is; None for a guest."""
    kind, _, identity = person.partition("-")
    if kind == "g" and identity:
        return None
    account = await studio.accounts.get(identity) if kind == "a" else None
    if account is None:
        raise Problem(404, "person", "There is no such person.")
    return account


async def _take_seats(
    studio: Studio, listed: Listed, suspension: Suspension, *, by: Account, now_ms: int
) -> None:
    person = suspension.person
    try:
        space = await studio.spaces.state(listed.id)
    except (LogError, Problem) as error:
        log.warning("space %s: who is suspended may still sit here: %s", listed.id, error)
        return
    own = ""
    if person.startswith("a-"):
        own = await studio.catalogue.seat_of(listed.id, person.removeprefix("a-"))
    key = studio.cookies.key
    seats: list[Seat] = [
        seat
        for seat in space.seats.values()
        # Who came by an invitation alone is known by the seat.
        if person == (seat.person or guests.seated(space.id, seat.id, key=key)) or seat.id == own
    ]
    for seat in seats:
        # Written down first: what is taken can always be given back.
        await studio.suspensions.take(
            suspension,
            TakenSeat(space=listed.id, seat=seat.id, name=seat.name, role=seat.role),
        )
        revoke = c.RevokeSeat(by=by.id, seat=seat.id, reason=suspension.reason)
        await studio.spaces.command(listed.id, revoke, now_ms=now_ms)
    if person in space.hands:
        lower = c.LowerHand(by=by.id, person=person)
        await studio.spaces.command(listed.id, lower, now_ms=now_ms)


async def _give_back(
    studio: Studio, taken: TakenSeat, person: str, *, by: str, now_ms: int
) -> None:
    grant = c.GrantSeat(
        by=by, seat=taken.seat, name=taken.name, seat_role=Role(taken.role), person=person
    )
    result = await studio.spaces.command(taken.space, grant, now_ms=now_ms)
    if isinstance(result, Refusal) and result.code != "done":
        log.info("space %s: seat %s is not given back: %s", taken.space, taken.seat, result.reason)
        return
    await studio.suspensions.give_back_link(taken)

"""What pages and API do to a space alike: edit, publish, withhold, let people in."""

from __future__ import annotations

import contextlib
from typing import Final

from starlette.requests import Request

from hustings.errors import BadInput
from hustings.space import Refusal, Role, Space, Status
from hustings.space.charge import ROLES_STAY, stands_in
from hustings.space.command import Cancel, Edit, Publish, Withhold
from hustings.ticket import Scope
from hustings.web import studio as studios
from hustings.web.access import caller
from hustings.web.accounts import Account
from hustings.web.agenda import planner
from hustings.web.agenda.series import ENDED, Series
from hustings.web.catalogue import Listed
from hustings.web.outbox import notes
from hustings.web.problem import Problem
from hustings.web.room import deeds
from hustings.web.standing import Standing, seat_of
from hustings.web.studio import Studio

NOBODY = "There is no account with this handle or e-mail address."
_NO_SERIES = "You have no such series."
_OWN = "The host is in already."
_KNOWING: Final = frozenset({Scope.TALK, Scope.LISTEN})
# What of a space says who may find, hear or write in it.
_RIGHTS: Final = ("private", "listed", "guests", "publishing", "listeners_max")


async def own_series(studio: Studio, account: Account, named: str) -> Series:
    """The account's own series; a problem if it has none of that id or address."""
    found = await studio.series.get(named)
    if found is None or found.owner_id != account.id:
        raise Problem(404, "series", _NO_SERIES)
    return found


async def end_series(
    studio: Studio, account: Account, series: Series, *, cancel: bool, reason: str
) -> Series:
    """Add nothing more to a series; `cancel`: what nobody has opened yet does not take place."""
    now_ms = studios.now_ms()
    ended = series if series.ended else await studio.series.change(series, ended_at_ms=now_ms)
    for one in await studio.series.spaces(series) if cancel else ():
        space = await studio.spaces.decided(one.id) if one.status is Status.SCHEDULED else None
        if space is not None and space.status is Status.SCHEDULED:
            off = Cancel(by=account.id, role=Role.HOST, reason=reason)
            await studio.spaces.command(one.id, off, now_ms=now_ms)
    return ended


async def checked(
    studio: Studio,
    *,
    owner_id: str,
    series: str | None,
    picture: str | None,
    hold_sound: str | None = None,
) -> None:
    """Series, picture and sound must be there; a series must be the space's owner's."""
    if series:
        found = await studio.series.get(series)
        if found is None or found.owner_id != owner_id or found.id != series:
            raise Problem(422, "series", _NO_SERIES)
        if found.ended:
            raise Problem(409, "status", ENDED)
    if picture and not await studio.pictures.exists(picture):
        raise Problem(422, "picture", "There is no such picture. Send it first.")
    if hold_sound and not await studio.sounds.exists(hold_sound):
        raise Problem(422, "sound", "There is no such sound. Send it first.")


async def edit(studio: Studio, asker: Standing, change: Edit) -> Space | Refusal:
    """Change what is said of a space. That nothing has changed is no refusal."""
    stays = change.series == asker.space.series
    await checked(
        studio,
        owner_id=asker.listed.owner_id,
        series=None if stays else change.series,
        picture=change.picture,
        hold_sound=change.hold_sound,
    )
    result = await studio.spaces.command(asker.space.id, change, now_ms=studios.now_ms())
    if isinstance(result, Refusal):
        return asker.space if result.code == "done" else result
    before = asker.space
    await deeds.changed(studio, asker, "space.changed", _RIGHTS, before=before, after=result)
    return result


async def publish(studio: Studio, asker: Standing) -> Space | Refusal:
    """Post a recording that was withheld."""
    command = Publish(by=asker.by, role=asker.role)
    result = await studio.spaces.command(asker.space.id, command, now_ms=studios.now_ms())
    if isinstance(result, Space):
        await deeds.note(studio, asker, "space.published", f"space:{result.id}")
    return result


async def withhold(studio: Studio, asker: Standing, reason: str) -> Space | Refusal:
    """Take a recording off its page; it is kept."""
    command = Withhold(by=asker.by, role=asker.role, reason=reason)
    result = await studio.spaces.command(asker.space.id, command, now_ms=studios.now_ms())
    if isinstance(result, Space):
        await deeds.note(studio, asker, "space.withheld", f"space:{result.id}", reason=reason)
    return result


async def admit(studio: Studio, asker: Standing, account: Account) -> None:
    """Let an account listen to a private space."""
    space = asker.space.id
    if await studio.membership.is_member(space, account.id):
        return
    await studio.membership.admit(space, account, now_ms=studios.now_ms())
    await _about(studio, asker, "member.admitted", account)
    if asker.space.private:
        await notes.to_member(studio, asker, account)


async def dismiss(studio: Studio, asker: Standing, account_id: str) -> bool:
    """Take an account off the list; False if it was not on it."""
    account = await studio.accounts.get(account_id)
    gone = await studio.membership.dismiss(asker.space.id, account_id)
    if gone and account is not None:
        await _about(studio, asker, "member.dismissed", account)
    return gone


async def add_cohost(studio: Studio, asker: Standing, account: Account) -> Space | Refusal:
    """Let an account run this space."""
    if stands_in(asker.space, asker.by):
        return ROLES_STAY
    made = await planner.add_cohost(
        studio, asker.space, account, by=asker.by, now_ms=studios.now_ms()
    )
    if isinstance(made, Space):
        await _about(studio, asker, "cohost.added", account)
        await notes.to_cohost(studio, asker, account)
    return made


async def drop_cohost(studio: Studio, asker: Standing, account_id: str) -> Space | Refusal | None:
    """Take a co-host's seat and rights away; None if the account is none."""
    if stands_in(asker.space, asker.by):
        return ROLES_STAY
    account = await studio.accounts.get(account_id)
    gone = await planner.drop_cohost(
        studio, asker.space, account_id, by=asker.by, role=asker.role, now_ms=studios.now_ms()
    )
    if isinstance(gone, Space) and account is not None:
        await _about(studio, asker, "cohost.dropped", account)
    return gone


async def _about(studio: Studio, asker: Standing, did: str, account: Account) -> None:
    about = f"account:{account.id}"
    await deeds.note(studio, asker, did, about, person=account.person, snapshot=account.name)


async def somebody(studio: Studio, asker: Standing, who: str) -> Account:
    """The account that is meant; a problem if it is nobody, or the host."""
    account = await studio.membership.find(who)
    if account is None:
        raise Problem(422, "nobody", NOBODY)
    if account.id == asker.listed.owner_id:
        raise Problem(409, "done", _OWN)
    return account


async def may_listen(studio: Studio, space: Space, owner_id: str, account: Account) -> bool:
    """Whether an account may listen to a private space without its link."""
    if account.id == owner_id or await studio.membership.is_member(space.id, account.id):
        return True
    return await studio.catalogue.seat_of(space.id, account.id) in space.seats


async def may_know(request: Request, studio: Studio, listed: Listed) -> bool:
    """Whether who asks may know of a private space: by a ticket, a seat or an account."""
    now_ms = studios.now_ms()
    _, _, token = request.headers.get("authorization", "").partition(" ")
    with contextlib.suppress(BadInput):
        right = studio.tickets.check(token.strip(), scopes=_KNOWING, now_ms=now_ms)
        return right.space == listed.id
    space = await studio.spaces.state(listed.id)
    account = await caller.account(request)
    if await seat_of(request, space, account) in space.seats:
        return True
    if account is None:
        return False
    return account.moderates or await may_listen(studio, space, listed.owner_id, account)


async def may_still_listen(studio: Studio, space_id: str, person: str) -> bool:
    """Whether who got a ticket by being on the list may have another."""
    listed = await studio.catalogue.get(space_id)
    account = await studio.accounts.get(person.removeprefix("a-"))
    if listed is None or account is None:
        return False
    space = await studio.spaces.state(space_id)
    return await may_listen(studio, space, listed.owner_id, account)


def changeable(space: Space) -> bool:
    """Whether a space can still be edited."""
    return space.status in (Status.SCHEDULED, Status.DOORS, Status.LIVE, Status.HELD)

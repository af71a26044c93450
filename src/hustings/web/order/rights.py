"""Who may moderate: dependencies of the routes, and whom one may suspend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from hustings.web import studio as studios
from hustings.web.access.caller import suspended
from hustings.web.accounts import Account
from hustings.web.catalogue import Listed
from hustings.web.problem import Problem
from hustings.web.standing import SignedIn, Visitor, find, standing


async def moderator(request: Request, account: SignedIn) -> Account:
    """The account, of a moderator who is not suspended."""
    if not account.moderates:
        raise Problem(403, "role", "Only moderators of this site can do this.")
    now_ms = studios.now_ms()
    if suspension := await studios.of(request).suspensions.of(f"a-{account.id}", now_ms=now_ms):
        raise suspended(suspension)
    return account


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who may read what happened in one space: those who run it, and moderators of the site."""

    listed: Listed
    account: Account | None


async def reader(request: Request, space_id: str, account: Visitor) -> Reader:
    """A host or co-host of the space, or a moderator; a problem if it is neither."""
    if account is not None and account.moderates and request.state.suspension is None:
        listed = await find(studios.of(request), space_id)
        return Reader(listed=listed, account=account)
    asker = await standing(request, space_id, account)
    if not asker.hosts:
        raise Problem(403, "role", "Only the host, a co-host or a moderator can see this.")
    return Reader(listed=asker.listed, account=account)


def may_suspend(by: Account, target: Account | None) -> bool:
    """Whether `by` may suspend the account; None stands for a guest."""
    return by.moderates and (target is None or by.above(target.role))


Moderator: TypeAlias = Annotated[Account, Depends(moderator)]
AuditReader: TypeAlias = Annotated[Reader, Depends(reader)]

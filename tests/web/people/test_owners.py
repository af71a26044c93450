"""Owners: however many leave or lower each other at once, one stays, who may act."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import update

from hustings.web.accounts import Account, SiteRole, account_of, new_row
from hustings.web.database import Database
from hustings.web.order.audit import Audit
from hustings.web.order.suspension import Suspensions
from hustings.web.people.profile import LAST_OWNER, Profiles, owners
from hustings.web.people.roles import LAST, NOT_OWNER, SUSPENDED, Roles
from hustings.web.tables import AccountRow
from tests import postgres

ROUNDS: Final = 6
OWNERS: Final = 4


@pytest.fixture(params=["sqlite", "postgresql"])
async def studios(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[Database]]:
    """The same database, opened by four studios."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"
    if request.param == "postgresql":
        url = postgres.session.server.database()
    found = [Database(url) for _ in range(OWNERS)]
    await found[0].migrate()
    yield found
    for one in found:
        await one.close()


async def _made(database: Database, role: SiteRole) -> Account:
    row = new_row(email="", name="Ola", role=role, password_hash="", now_ms=1)
    async with database.write() as session:
        session.add(row)
    return account_of(row)


async def _left(database: Database) -> set[str]:
    async with database.write() as session:
        return await owners(database, session, now_ms=2)


async def _lower_all(database: Database) -> None:
    """Nobody is left over from the round before."""
    async with database.write() as session:
        await session.execute(update(AccountRow).values(role="member"))


async def test_of_owners_who_leave_at_once_one_stays(studios: list[Database]) -> None:
    for n in range(ROUNDS):
        await _lower_all(studios[0])
        them = [await _made(studios[0], SiteRole.OWNER) for _ in studios]
        # All delete their account, or each lowers the next one, who is just doing the same.
        await asyncio.gather(*(
            Roles(studio).change(other.id, SiteRole.MEMBER, by=me, now_ms=2)
            if n % 2
            else Profiles(studio).delete(me, now_ms=2)
            for studio, me, other in zip(studios, them, [*them[1:], them[0]], strict=True)
        ))  # fmt: skip
        assert await _left(studios[0])
        for studio, me in zip(studios, them, strict=True):
            await Profiles(studio).delete(me, now_ms=2)
        assert len(await _left(studios[0])) == 1


async def test_what_one_was_a_moment_ago_does_not_count(studios: list[Database]) -> None:
    roles, profiles = Roles(studios[0]), Profiles(studios[0])
    first = await _made(studios[0], SiteRole.OWNER)
    second = await _made(studios[0], SiteRole.MEMBER)  # as the request that deletes it saw it
    raised = await roles.change(second.id, SiteRole.OWNER, by=first, now_ms=2)
    assert isinstance(raised, Account)
    assert isinstance(await roles.change(first.id, SiteRole.MEMBER, by=raised, now_ms=2), Account)
    assert await roles.change(first.id, SiteRole.OWNER, by=first, now_ms=2) is NOT_OWNER
    assert await roles.change(second.id, SiteRole.HOST, by=raised, now_ms=2) is LAST
    assert await profiles.delete(second, now_ms=2) is LAST_OWNER
    assert await profiles.delete(first, now_ms=2) is None
    entries = await Audit(studios[0]).read()
    assert [(one.did, one.snapshot) for one in entries] == [
        ("account.deleted", ""),
        ("role.changed", "Ola: owner → member"),
        ("role.changed", "Ola: member → owner"),
    ]


async def test_who_is_suspended_does_not_own_alone(studios: list[Database]) -> None:
    roles, suspensions = Roles(studios[0]), Suspensions(studios[0], key=b"k" * 32)
    first = await _made(studios[0], SiteRole.OWNER)
    second = await _made(studios[0], SiteRole.MODERATOR)
    made = await suspensions.add(
        second.person, name="", reason="", until_ms=None, by="a-1", by_name="", now_ms=1
    )
    assert await roles.change(second.id, SiteRole.OWNER, by=first, now_ms=2) is SUSPENDED
    assert await Profiles(studios[0]).delete(first, now_ms=2) is LAST_OWNER
    await suspensions.lift(made, reason="", by="a-1", by_name="", now_ms=2)
    assert isinstance(await roles.change(second.id, SiteRole.OWNER, by=first, now_ms=2), Account)
    assert await Profiles(studios[0]).delete(first, now_ms=2) is None

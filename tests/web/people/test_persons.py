"""Persons: the names behind what a space's log calls somebody."""

from __future__ import annotations

from pathlib import Path

from hustings.config import Settings
from hustings.web.accounts import SiteRole, new_row
from hustings.web.database import Database
from hustings.web.people.persons import People


async def test_names(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    await database.migrate()

    async def nobody(_person: str) -> bool:
        return False

    people = People(database, settings=Settings(), suspended=nobody)
    row = new_row(email="", name="Ann", role=SiteRole.MEMBER, password_hash="", now_ms=1)
    async with database.write() as session:
        session.add(row)
    assert await people.name_of(f"a-{row.id}") == "Ann"
    assert await people.name_of("a-gone") == "a former member"
    assert await people.name_of("g-k3v9q1xzm4rk3tpl") == "a guest"
    await database.close()

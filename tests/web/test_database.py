"""The tables: migrations lead to what the models say, and writers wait for each other."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import func, select, text

from hustings.web.database import Database
from hustings.web.tables import SignInTryRow
from tests.web.test_migrations import differences


async def test_migrations_match_the_models(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    await database.migrate()
    await database.migrate()
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1
    await database.close()


async def test_two_processes_migrate_at_once(tmp_path: Path) -> None:
    for attempt in range(5):
        url = f"sqlite+aiosqlite:///{tmp_path / f'{attempt}.db'}"
        databases = [Database(url) for _ in range(8)]
        await asyncio.gather(*(database.migrate() for database in databases))
        for database in databases:
            await database.close()


async def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    one, two = (Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}") for _ in range(2))
    await one.migrate()

    async def count(database: Database) -> None:
        async with database.write() as session:
            seen = await session.scalar(select(func.count()).select_from(SignInTryRow))
            await asyncio.sleep(0)
            session.add(SignInTryRow(key="k", at_ms=seen or 0))

    await asyncio.gather(*(count(database) for _ in range(20) for database in (one, two)))
    async with one.read() as session:
        numbers = (await session.scalars(select(SignInTryRow.at_ms))).all()
    assert sorted(numbers) == list(range(40))
    await one.close()
    await two.close()

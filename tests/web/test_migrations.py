"""Migrations: from every earlier revision, with rows in its tables, up to the newest, on SQLite and
on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    func,
    insert,
    select,
)
from sqlalchemy.types import TypeEngine

from hustings.web.database import Database, alembic_config
from hustings.web.tables import Table as Root
from tests import postgres

REVISIONS = [
    script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()
][::-1]


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"
    else:
        url = postgres.session.server.database()
    found = Database(url)
    yield found
    await found.close()


def _value(kind: TypeEngine[Any], column: Column[Any], number: int) -> object:
    if isinstance(kind, Boolean):
        return bool(number % 2)
    if isinstance(kind, LargeBinary):
        return b"x" * number
    if isinstance(kind, Numeric) or kind.python_type in (int, float):
        return number
    return f"x{number}"[: getattr(kind, "length", None) or 10]


def _fill(connection: Connection, *, rows: int) -> dict[str, int]:
    """`rows` rows in every table, with what they refer to; how many there are then."""
    known = MetaData()
    known.reflect(connection, only=_ours)
    made: dict[str, list[dict[str, object]]] = {}
    for table in known.sorted_tables:
        if table.name == "alembic_version":
            continue
        made[table.name] = []
        for number in range(1, rows + 1):
            row = {c.name: _cell(table, c, number, made) for c in table.columns}
            connection.execute(insert(table).values(row))
            made[table.name].append(row)
    return {name: len(rows) for name, rows in made.items()}


def _cell(
    table: Table, column: Column[Any], number: int, made: dict[str, list[dict[str, object]]]
) -> object:
    for key in column.foreign_keys:
        parents = made.get(key.column.table.name)
        if key.column.table.name == table.name:
            return None
        if parents:
            return parents[number - 1][key.column.name]
    return _value(column.type, column, number)


def _up(connection: Connection, revision: str) -> None:
    command.upgrade(alembic_config(connection), revision)


def _ours(name: str, _: object) -> bool:
    """What each database finds words with is its own (`tables.episodes`)."""
    return not name.startswith("fts_")


def differences(connection: Connection) -> list[object]:
    """What the tables of a database have that the models have not, and the reverse."""

    def compared(name: str | None, *_: object) -> bool:
        return not (name or "").startswith("fts_")

    opts = {"compare_type": True, "include_name": compared}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, Root.metadata))


def _counts(connection: Connection, tables: list[str]) -> dict[str, int]:
    known = MetaData()
    known.reflect(connection, only=_ours)
    return {
        name: connection.execute(select(func.count()).select_from(known.tables[name])).scalar_one()
        for name in tables
    }


@pytest.mark.parametrize("revision", REVISIONS)
async def test_up_from_every_revision_with_rows(database: Database, revision: str) -> None:
    async with database.engine.execution_options(writes=True).begin() as connection:
        await connection.run_sync(_up, revision)
    async with database.engine.execution_options(writes=True).begin() as connection:
        before = await connection.run_sync(lambda c: _fill(c, rows=3))
    await database.migrate()
    async with database.engine.connect() as connection:
        after = await connection.run_sync(lambda c: _counts(c, list(before)))
        assert after == before
        assert await connection.run_sync(differences) == []


async def test_up_at_once(database: Database) -> None:
    """What a new table holds is what the models say, on both."""
    await database.migrate()
    await database.migrate()
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []

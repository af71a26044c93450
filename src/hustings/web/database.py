"""The database: one engine, short transactions, migrations at start.

SQLite in the data folder by default, any database SQLAlchemy knows by `database_url`. Only the web
role opens it. Transactions that write say so: on SQLite they take the write lock at their beginning
(BEGIN IMMEDIATE), so that two processes wait for each other instead of failing half-way.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from hustings import limits
from hustings.config import Settings

MIGRATIONS: Final = Path(__file__).with_name("migrations")
_AGAIN_S: Final = 0.02
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_INTEGER: Final = 2**63
_MIGRATION_LOCK: Final = 0x48555354  # PostgreSQL advisory lock: "HUST"


def address(settings: Settings) -> str:
    """SQLAlchemy address of the database."""
    return settings.database_url or f"sqlite+aiosqlite:///{settings.folder / 'hustings.db'}"


class Unstorable(SQLAlchemyError):
    """A text or number that cannot be kept: a NUL, half a surrogate pair, more than 64 bits.

    SQLite keeps some of them and PostgreSQL none. Both refuse here, before anything is asked of
    them, whatever way it came in.
    """


class Database:
    """The engine and its transactions."""

    def __init__(self, url: str) -> None:
        self.engine: AsyncEngine = create_async_engine(url, pool_pre_ping=True)
        event.listen(self.engine.sync_engine, "before_cursor_execute", _check)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        self._writer = self.engine.execution_options(writes=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction that may write: committed at the end, rolled back on an error."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    async def alone(self, session: AsyncSession, name: str) -> None:
        """Wait for other transactions that asked for `name`, and have later ones wait for this.

        SQLite's have one writer at a time as it is.
        """
        if self.engine.dialect.name == "postgresql":
            await session.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
            )

    async def migrate(self) -> None:
        """Bring the tables up to the newest revision. Safe when several processes start at once."""
        if self.engine.dialect.name == "sqlite":
            await self._write_ahead()
        async with self._writer.begin() as connection:
            if self.engine.dialect.name == "postgresql":
                await connection.execute(
                    text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK}
                )
            await connection.run_sync(_upgrade)

    async def _write_ahead(self) -> None:
        """Switch the file to WAL, which it then stays in.

        The switch needs the file for itself, and SQLite does not wait for that: among processes
        that start at once, the others are told that it is locked.
        """
        until_s = time.monotonic() + limits.DATABASE_WAIT_S
        while True:
            try:
                async with self.engine.connect() as connection:
                    driver: Any = (await connection.get_raw_connection()).driver_connection
                    await driver.execute_fetchall("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                if time.monotonic() >= until_s:
                    raise
                await asyncio.sleep(_AGAIN_S)
            else:
                return

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings, made here, so that the package needs no file beside it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    command.upgrade(alembic_config(connection), "head")


def _check(_1: Any, _2: Any, _statement: str, given: Any, _3: Any, _4: bool) -> None:
    if not all(storable(value) for value in _flat(given)):
        raise Unstorable("a value that no database keeps")


def _flat(given: Any) -> Iterable[object]:
    """The values of one row or of many, by name or by place."""
    if isinstance(given, Mapping):
        return given.values()
    if isinstance(given, list | tuple):
        return (value for one in given for value in _flat(one))
    return (given,)


def storable(value: object) -> bool:
    """Whether every database keeps this text or number as it is."""
    if isinstance(value, str):
        return "\0" not in value and (value.isascii() or not _SURROGATE.search(value))
    return not isinstance(value, int) or -_INTEGER <= value < _INTEGER


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own idea of transactions is switched off; `_begin_sqlite` begins them.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {int(limits.DATABASE_WAIT_S * 1000)}",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

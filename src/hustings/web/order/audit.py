"""The audit log: who did what to whom, when and why. It is only ever added to.

An entry carries a snapshot in words of what it was about (the removed message and its author), so
that it can be judged when the thing itself is gone. The database refuses to change or delete an
entry (triggers, see revision r0004). Newest first; a page ends where the next begins (`before`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hustings import limits
from hustings.web.database import Database
from hustings.web.tables import AuditRow
from hustings.web.tables.order import ABOUT_CHARS, DEED_CHARS


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done.

    `by` is a person (`a-…`, `g-…`), a seat's id, "timer" or "system"; `about` names the thing as
    `kind:id`; `person` is whom it concerns, `space` where it happened ("": the whole site).
    """

    id: int
    at_ms: int
    by: str
    by_name: str
    did: str
    space: str
    about: str
    person: str
    reason: str
    snapshot: str


class Audit:
    """The log in the database. `now_ms` is Unix milliseconds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        *,
        by: str,
        did: str,
        now_ms: int,
        by_name: str = "",
        space: str = "",
        about: str = "",
        person: str = "",
        reason: str = "",
        snapshot: str = "",
    ) -> None:
        """Write one entry down. `did` is a word for programs, such as `message.removed`."""
        async with self._database.write() as session:
            self.put(
                session,
                by=by,
                did=did,
                now_ms=now_ms,
                by_name=by_name,
                space=space,
                about=about,
                person=person,
                reason=reason,
                snapshot=snapshot,
            )

    @staticmethod
    def put(
        session: AsyncSession,
        *,
        by: str,
        did: str,
        now_ms: int,
        by_name: str = "",
        space: str = "",
        about: str = "",
        person: str = "",
        reason: str = "",
        snapshot: str = "",
    ) -> None:
        """The same within a transaction of the caller's: done and written down, or neither."""
        session.add(
            AuditRow(
                at_ms=now_ms,
                by=by[: limits.PERSON_CHARS],
                by_name=by_name[: limits.NAME_CHARS],
                did=did[:DEED_CHARS],
                space_id=space,
                about=about[:ABOUT_CHARS],
                person=person[: limits.PERSON_CHARS],
                reason=reason[: limits.REASON_CHARS],
                # PostgreSQL's text holds every character but this one.
                snapshot=snapshot[: limits.SNAPSHOT_CHARS].replace("\x00", ""),
            )
        )

    async def read(
        self,
        *,
        space: str | None = None,
        person: str | None = None,
        before: int | None = None,
        count: int = limits.AUDIT_PAGE_COUNT,
    ) -> list[Entry]:
        """The newest entries: of one space, by or about one person, older than entry `before`."""
        chosen = _chosen(space, person)
        if before is not None:
            chosen.append(AuditRow.id < before)
        query = select(AuditRow).where(*chosen).order_by(AuditRow.id.desc()).limit(count)
        async with self._database.read() as session:
            return [_entry(row) for row in await session.scalars(query)]

    async def walk(
        self, *, space: str | None = None, person: str | None = None
    ) -> AsyncIterator[Entry]:
        """All entries, oldest first, some at a time."""
        after = 0
        while True:
            query = (
                select(AuditRow)
                .where(*_chosen(space, person), AuditRow.id > after)
                .order_by(AuditRow.id)
                .limit(limits.AUDIT_EXPORT_COUNT)
            )
            async with self._database.read() as session:
                rows = (await session.scalars(query)).all()
            for row in rows:
                yield _entry(row)
            if len(rows) < limits.AUDIT_EXPORT_COUNT:
                return
            after = rows[-1].id


def _chosen(space: str | None, person: str | None) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if space is not None:
        chosen.append(AuditRow.space_id == space)
    if person is not None:
        chosen.append(or_(AuditRow.person == person, AuditRow.by == person))
    return chosen


def _entry(row: AuditRow) -> Entry:
    return Entry(
        id=row.id,
        at_ms=row.at_ms,
        by=row.by,
        by_name=row.by_name,
        did=row.did,
        space=row.space_id,
        about=row.about,
        person=row.person,
        reason=row.reason,
        snapshot=row.snapshot,
    )

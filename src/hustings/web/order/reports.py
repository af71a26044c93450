"""Reports: what listeners point moderators to. Reports of the same thing are one case.

A case waits, is decided with a reason, and the decision can be taken back. Somebody who reports the
same thing twice counts once. A new report of a thing that was let stand opens its case again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hustings import limits
from hustings.log.contract import Log
from hustings.space import Space
from hustings.web import secret
from hustings.web.database import Database
from hustings.web.order import about
from hustings.web.order.about import Thing
from hustings.web.order.audit import Audit
from hustings.web.tables import CaseRow, ReportRow


class Outcome(StrEnum):
    """What was decided about a case."""

    REMOVED = "removed"
    BLOCKED = "blocked"
    SUSPENDED = "suspended"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A thing that was reported `count` times. `outcome` is None while it waits.

    `thing` says what it is, who wrote or did it, and how it read when it was first reported; `did`
    are the steps that the decision took.
    """

    id: str
    space: str
    thing: Thing
    count: int
    reasons: tuple[str, ...]
    first_at_ms: int
    newest_at_ms: int
    outcome: Outcome | None
    did: tuple[str, ...]
    outcome_by: str
    outcome_reason: str
    outcome_at_ms: int | None


class Reports:
    """Reports in the database; what they are about is in the log. `now_ms` is Unix milliseconds."""

    def __init__(self, database: Database, log: Log) -> None:
        self._database = database
        self._log = log

    async def find(self, space: Space, *, owner: str, kind: str, thing: str) -> Thing | None:
        """What is reported, as it reads now; see `about.find`."""
        return await about.find(self._log, space, owner=owner, kind=kind, thing=thing)

    async def add(
        self, space: str, thing: Thing, *, reporter: str, reason: str, now_ms: int
    ) -> Case | None:
        """Count a report; None if too many things of this space wait already."""
        try:
            return await self._add(space, thing, reporter, reason, now_ms)
        except IntegrityError:
            # Somebody else reported it in the same moment: now it is there.
            return await self._add(space, thing, reporter, reason, now_ms)

    async def _add(
        self, space: str, thing: Thing, reporter: str, reason: str, now_ms: int
    ) -> Case | None:
        async with self._database.write() as session:
            row = await session.scalar(
                select(CaseRow)
                .where(
                    CaseRow.space_id == space,
                    CaseRow.kind == thing.kind,
                    CaseRow.thing == thing.id,
                )
                .with_for_update()
            )
            if row is None:
                open_ones = select(func.count()).where(
                    CaseRow.space_id == space, CaseRow.outcome == ""
                )
                if (await session.scalar(open_ones) or 0) >= limits.REPORTS_OPEN_COUNT:
                    return None
                row = _new(space, thing, now_ms)
                session.add(row)
                await session.flush()
            if await session.get(ReportRow, (row.id, reporter)) is None:
                session.add(
                    ReportRow(case_id=row.id, reporter=reporter, reason=reason, at_ms=now_ms)
                )
                row.count += 1
                row.newest_at_ms = now_ms
                if row.outcome == Outcome.DISMISSED:
                    row.outcome, row.outcome_did, row.outcome_at_ms = "", "", None
                    row.outcome_by, row.outcome_reason = "", ""
            await session.flush()
            return await _case(session, row)

    async def get(self, case: str) -> Case | None:
        """One case."""
        async with self._database.read() as session:
            row = await session.get(CaseRow, case)
            return await _case(session, row) if row else None

    async def waiting(self, *, space: str | None = None) -> list[Case]:
        """Cases that nobody has decided: the most reported first."""
        chosen = [CaseRow.outcome == ""]
        if space is not None:
            chosen.append(CaseRow.space_id == space)
        query = (
            select(CaseRow)
            .where(*chosen)
            .order_by(CaseRow.count.desc(), CaseRow.newest_at_ms.desc())
            .limit(limits.QUEUE_COUNT)
        )
        async with self._database.read() as session:
            return [await _case(session, row) for row in (await session.scalars(query)).all()]

    async def decided(self, *, space: str | None = None) -> list[Case]:
        """Cases that were decided, the newest decision first."""
        chosen = [CaseRow.outcome != ""]
        if space is not None:
            chosen.append(CaseRow.space_id == space)
        query = (
            select(CaseRow)
            .where(*chosen)
            .order_by(CaseRow.outcome_at_ms.desc())
            .limit(limits.QUEUE_COUNT)
        )
        async with self._database.read() as session:
            return [await _case(session, row) for row in (await session.scalars(query)).all()]

    async def count(self) -> int:
        """How many cases wait."""
        async with self._database.read() as session:
            return await session.scalar(select(func.count()).where(CaseRow.outcome == "")) or 0

    async def decide(
        self, case: Case, outcome: Outcome, *, by: str, by_name: str, reason: str, now_ms: int
    ) -> bool:
        """Close a case that waits; False if somebody else was quicker."""
        async with self._database.write() as session:
            won = await session.scalar(
                update(CaseRow)
                .where(CaseRow.id == case.id, CaseRow.outcome == "")
                .values(
                    outcome=outcome,
                    outcome_by=by,
                    outcome_reason=reason,
                    outcome_at_ms=now_ms,
                )
                .returning(CaseRow.id)
            )
            if won is None:
                return False
            self._written(
                session,
                case,
                f"report.{outcome}",
                by=by,
                by_name=by_name,
                reason=reason,
                now_ms=now_ms,
            )
        return True

    async def done(self, case: Case, did: tuple[str, ...]) -> None:
        """Keep which steps a decision took."""
        async with self._database.write() as session:
            await session.execute(
                update(CaseRow).where(CaseRow.id == case.id).values(outcome_did=" ".join(did))
            )

    async def reopen(self, case: Case, *, by: str, by_name: str, reason: str, now_ms: int) -> bool:
        """Take a decision back; False if there is none."""
        async with self._database.write() as session:
            won = await session.scalar(
                update(CaseRow)
                .where(CaseRow.id == case.id, CaseRow.outcome != "")
                .values(
                    outcome="",
                    outcome_did="",
                    outcome_by="",
                    outcome_reason="",
                    outcome_at_ms=None,
                )
                .returning(CaseRow.id)
            )
            if won is None:
                return False
            self._written(
                session,
                case,
                "report.reopened",
                by=by,
                by_name=by_name,
                reason=reason,
                now_ms=now_ms,
            )
        return True

    @staticmethod
    def _written(
        session: AsyncSession,
        case: Case,
        did: str,
        *,
        by: str,
        by_name: str,
        reason: str,
        now_ms: int,
    ) -> None:
        Audit.put(
            session,
            by=by,
            by_name=by_name,
            did=did,
            space=case.space,
            about=case.thing.named,
            person=case.thing.person,
            reason=reason,
            snapshot=case.thing.words,
            now_ms=now_ms,
        )


def _new(space: str, thing: Thing, now_ms: int) -> CaseRow:
    return CaseRow(
        id=secret.identifier(16),
        space_id=space,
        kind=thing.kind,
        thing=thing.id,
        person=thing.person,
        name=thing.name,
        snapshot=thing.text[: limits.SNAPSHOT_CHARS].replace("\x00", ""),
        count=0,
        first_at_ms=now_ms,
        newest_at_ms=now_ms,
        outcome="",
        outcome_did="",
        outcome_by="",
        outcome_reason="",
        outcome_at_ms=None,
    )


async def _case(session: AsyncSession, row: CaseRow) -> Case:
    reasons = await session.scalars(
        select(ReportRow.reason)
        .where(ReportRow.case_id == row.id, ReportRow.reason != "")
        .order_by(ReportRow.at_ms.desc())
        .limit(limits.REPORTS_SHOWN_COUNT)
    )
    return Case(
        id=row.id,
        space=row.space_id,
        thing=Thing(
            kind=row.kind, id=row.thing, person=row.person, name=row.name, text=row.snapshot
        ),
        count=row.count,
        reasons=tuple(reasons),
        first_at_ms=row.first_at_ms,
        newest_at_ms=row.newest_at_ms,
        outcome=Outcome(row.outcome) if row.outcome else None,
        did=tuple(row.outcome_did.split()),
        outcome_by=row.outcome_by,
        outcome_reason=row.outcome_reason,
        outcome_at_ms=row.outcome_at_ms,
    )

"""Episodes: what feeds know of recordings, in the database, and which studio reads one just now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hustings import limits
from hustings.space import Status
from hustings.web.agenda.listing import ON
from hustings.web.catalogue import Listed, listed
from hustings.web.database import Database
from hustings.web.tables import EpisodeRow, SpaceRow

# Of what is made of logs and recordings: greater when it is to be made again everywhere.
MADE_BY: Final = 1
RECORDED: Final = (Status.POSTED, Status.WITHHELD)


class Speaker(msgspec.Struct, frozen=True):
    """Somebody who was heard: the name of their seat, and whether they ran the space."""

    name: str
    host: bool


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """A published recording. `length` is that of its file in bytes; `transcript` the language of
    the transcript, None without one."""

    length: int
    seconds: float
    speakers: tuple[Speaker, ...] = ()
    chapters: bool = False
    transcript: str | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """A posted space as a feed shows it."""

    space: Listed
    posted_at_ms: int
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Up to where a space was read, and by which version: see `tables.EpisodeRow`."""

    ev_seq: int = 0
    row_changed_ms: int = -1
    made_by: int = 0
    posted_at_ms: int | None = None


class Episodes:
    """The episodes in the database. `now_ms` is Unix milliseconds everywhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def posted(self, which: ColumnElement[bool]) -> list[Episode]:
        """The newest recordings among those spaces."""
        query = (
            select(SpaceRow, EpisodeRow)
            .join(EpisodeRow, EpisodeRow.space_id == SpaceRow.id)
            .where(which, SpaceRow.status == Status.POSTED, ~SpaceRow.gone, EpisodeRow.facts != "")
            .order_by(EpisodeRow.posted_at_ms.desc(), SpaceRow.id)
            .limit(limits.FEED_EPISODES_COUNT)
        )
        async with self._database.read() as session:
            return [
                Episode(
                    listed(space),
                    episode.posted_at_ms or space.starts_at_ms,
                    msgspec.json.decode(episode.facts, type=Facts),
                )
                for space, episode in await session.execute(query)
            ]

    async def live(self, which: ColumnElement[bool], *, now_ms: int) -> list[Listed]:
        """What is on, what is to come next, and what has just ended among those spaces."""
        start = SpaceRow.starts_at_ms
        ended_ms = now_ms - int(limits.FEED_ENDED_S * 1000)
        late_ms = now_ms - limits.AGENDA_LATE_S * 1000
        over = SpaceRow.status.in_((Status.ENDED, Status.POSTED))
        queries = [
            select(SpaceRow).where(SpaceRow.status.in_(ON)).order_by(start),
            select(SpaceRow)
            .where(SpaceRow.status == Status.SCHEDULED, start > late_ms)
            .order_by(start),
            select(SpaceRow)
            .where(over, SpaceRow.ended_at_ms > ended_ms, ~SpaceRow.gone)
            .order_by(SpaceRow.ended_at_ms.desc()),
        ]
        found: list[Listed] = []
        async with self._database.read() as session:
            for query in queries:
                some = query.where(which).limit(limits.FEED_LIVE_COUNT)
                found += [listed(row) for row in await session.scalars(some)]
        return found

    async def facts(self, space: str) -> Facts | None:
        """What is known of the recording of a space, None if there is nothing."""
        async with self._database.read() as session:
            row = await session.get(EpisodeRow, space)
        return msgspec.json.decode(row.facts, type=Facts) if row and row.facts else None

    async def behind(self, *, now_ms: int) -> list[str]:
        """Spaces that changed since they were read, or were never read, and that nobody reads."""
        changed = or_(
            EpisodeRow.row_changed_ms != SpaceRow.changed_at_ms, EpisodeRow.made_by != MADE_BY
        )
        query = (
            select(SpaceRow.id)
            .outerjoin(EpisodeRow, EpisodeRow.space_id == SpaceRow.id)
            .where(SpaceRow.changed_at_ms > 0)
            .where(
                or_(
                    EpisodeRow.space_id.is_(None),
                    and_(changed, EpisodeRow.claimed_until_ms <= now_ms),
                )
            )
            .order_by(SpaceRow.starts_at_ms.desc())
        )
        async with self._database.read() as session:
            return list(await session.scalars(query))

    async def read_before(self) -> dict[str, int]:
        """Of each recording up to where its log was read."""
        query = (
            select(EpisodeRow.space_id, EpisodeRow.ev_seq)
            .join(SpaceRow, SpaceRow.id == EpisodeRow.space_id)
            .where(SpaceRow.status.in_(RECORDED))
        )
        async with self._database.read() as session:
            return {row.space_id: row.ev_seq for row in await session.execute(query)}

    async def claim(self, space: str, *, now_ms: int) -> Reading | None:
        """The right to read a space, for a while; None while another studio has it."""
        until_ms = now_ms + int(limits.READ_CLAIM_S * 1000)
        taken = (
            update(EpisodeRow)
            .where(EpisodeRow.space_id == space, EpisodeRow.claimed_until_ms <= now_ms)
            .values(claimed_until_ms=until_ms)
            .returning(
                EpisodeRow.ev_seq,
                EpisodeRow.row_changed_ms,
                EpisodeRow.made_by,
                EpisodeRow.posted_at_ms,
            )
        )
        async with self._database.write() as session:
            row = (await session.execute(taken)).first()
        if row is not None:
            return Reading(**row._mapping)
        new = EpisodeRow(
            space_id=space,
            ev_seq=0,
            row_changed_ms=-1,
            receipt_sha256="",
            made_by=0,
            claimed_until_ms=until_ms,
            facts="",
        )
        try:
            async with self._database.write() as session:
                session.add(new)
        except IntegrityError:
            return None  # another studio has it, or the space is gone
        return Reading()

    async def release(self, space: str, *, read: bool) -> None:
        """Give the right back; whoever comes next need not read it again if it was `read`."""
        again = {} if read else {"row_changed_ms": -1}
        async with self._database.write() as session:
            await session.execute(
                update(EpisodeRow)
                .where(EpisodeRow.space_id == space)
                .values(claimed_until_ms=0, **again)
            )

    async def keep(
        self, session: AsyncSession, space: Listed, reading: Reading, facts: Facts | None
    ) -> None:
        """Write down what was read, which ends the claim."""
        values: dict[str, Any] = {
            "ev_seq": reading.ev_seq,
            "posted_at_ms": reading.posted_at_ms,
            "row_changed_ms": space.changed_at_ms,
            "receipt_sha256": space.receipt_sha256,
            "made_by": MADE_BY,
            "claimed_until_ms": 0,
            "facts": msgspec.json.encode(facts).decode() if facts else "",
        }
        await session.execute(
            update(EpisodeRow).where(EpisodeRow.space_id == space.id).values(**values)
        )

"""Lists of spaces: what is live, coming and past, for everybody; and an account's own.

Read from the catalogue, page by page: a page ends with a cursor, which names its last space, so
that nothing is shown twice and nothing is left out when others are added meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, or_, select

from hustings import limits
from hustings.errors import BadInput
from hustings.space import Status
from hustings.web.catalogue import Listed, listed, searched
from hustings.web.database import Database, storable
from hustings.web.tables import HeldSeatRow, MemberRow, SpaceRow

ON: Final = (Status.DOORS, Status.LIVE, Status.HELD)
_OVER: Final = (Status.ENDED, Status.POSTED)


class When(StrEnum):
    """The lists."""

    LIVE = "live"
    COMING = "coming"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `cursor` asks for the next one, "" at the end."""

    spaces: list[Listed]
    cursor: str


class Agenda:
    """The lists. `now_ms` is Unix milliseconds everywhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def public(self, when: When, *, q: str = "", cursor: str = "", now_ms: int) -> Page:
        """What everybody may see, with all words of `q` in title, host or description."""
        if not storable(q):
            return Page([], "")
        query = select(SpaceRow).where(
            SpaceRow.listed, ~SpaceRow.private, SpaceRow.changed_at_ms > 0, _when(when, now_ms)
        )
        for word in searched(q[: limits.QUERY_CHARS]).split()[: limits.QUERY_WORDS_COUNT]:
            query = query.where(SpaceRow.words.contains(word, autoescape=True))
        return await self._page(query, cursor, soonest=when is When.COMING)

    async def yours(self, account_id: str, when: When, *, cursor: str = "", now_ms: int) -> Page:
        """What an account owns or helps to run. Nothing of it is hidden for being late."""
        mine = or_(
            SpaceRow.owner_id == account_id,
            SpaceRow.id.in_(
                select(HeldSeatRow.space_id).where(HeldSeatRow.account_id == account_id)
            ),
        )
        states: dict[When, ColumnElement[bool]] = {
            When.LIVE: SpaceRow.status.in_(ON),
            When.COMING: SpaceRow.status == Status.SCHEDULED,
            When.PAST: SpaceRow.status.not_in((*ON, Status.SCHEDULED)),
        }
        query = select(SpaceRow).where(mine, states[when])
        return await self._page(query, cursor, soonest=when is When.COMING)

    async def own(self, account_id: str, *, cursor: str = "") -> Page:
        """All that an account owns, those that begin last first."""
        query = select(SpaceRow).where(SpaceRow.owner_id == account_id)
        return await self._page(query, cursor, soonest=False)

    async def for_member(self, account_id: str, *, now_ms: int) -> list[Listed]:
        """Private spaces that an account may listen to, and that are not over."""
        query = (
            select(SpaceRow)
            .join(MemberRow, MemberRow.space_id == SpaceRow.id)
            .where(MemberRow.account_id == account_id)
            .where(or_(SpaceRow.status.in_((*ON, Status.POSTED)), _when(When.COMING, now_ms)))
        )
        return (await self._page(query, "", soonest=False)).spaces

    async def calendar(self, which: ColumnElement[bool]) -> list[Listed]:
        """Those of these spaces that begin last, for a calendar feed; cancelled ones too."""
        states = (Status.SCHEDULED, Status.CANCELLED, *ON, *_OVER)
        query = (
            select(SpaceRow)
            .where(which, SpaceRow.status.in_(states))
            .order_by(SpaceRow.starts_at_ms.desc(), SpaceRow.id)
            .limit(limits.CALENDAR_SPACES_COUNT)
        )
        async with self._database.read() as session:
            return [listed(row) for row in await session.scalars(query)]

    async def _page(self, query: Select[Any], cursor: str, *, soonest: bool) -> Page:
        start, key = SpaceRow.starts_at_ms, SpaceRow.id
        if cursor:
            at_ms, last = _read(cursor)
            beyond = start > at_ms if soonest else start < at_ms
            query = query.where(or_(beyond, and_(start == at_ms, key > last)))
        order = start.asc() if soonest else start.desc()
        query = query.order_by(order, key).limit(limits.PAGE_SPACES_COUNT + 1)
        async with self._database.read() as session:
            found = [listed(row) for row in await session.scalars(query)]
        shown = found[: limits.PAGE_SPACES_COUNT]
        more = len(found) > len(shown)
        return Page(shown, f"{shown[-1].starts_at_ms}-{shown[-1].id}" if more else "")


def _when(when: When, now_ms: int) -> ColumnElement[bool]:
    if when is When.LIVE:
        return SpaceRow.status.in_(ON)
    if when is When.PAST:
        return SpaceRow.status.in_(_OVER)
    return and_(
        SpaceRow.status.in_((Status.SCHEDULED, Status.CANCELLED)),
        SpaceRow.starts_at_ms > now_ms - limits.AGENDA_LATE_S * 1000,
    )


def _read(cursor: str) -> tuple[int, str]:
    at, dash, last = cursor.partition("-")
    if not (at.isascii() and at.isdecimal() and len(at) <= 15 and dash and len(last) <= 16):
        raise BadInput("cursor", expected="the one that came with the page before")
    return int(at), last

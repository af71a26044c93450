"""The index: what can be found, in the database, and by whom.

Two databases find words in two ways, which this file alone knows; the texts, their words and the
order of what is found are the same on both. What an asker may find is decided while looking, so
that something that was taken off its page this moment is not found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Table,
    and_,
    column,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from hustings import limits
from hustings.errors import BadInput
from hustings.space import Status
from hustings.web.agenda.listing import ON
from hustings.web.catalogue import Listed, listed
from hustings.web.database import Database
from hustings.web.search.query import Query, looked_for
from hustings.web.tables import HeldSeatRow, SentenceRow, SpaceRow

# Of headings (False) and of what was said (True); a column of that name takes what is looked for.
_FTS5: Final = {
    said: table(name, column("rowid"), column(name))
    for said, name in ((False, "fts_headings"), (True, "fts_said"))
}
_ROWS: Final = cast("Table", SentenceRow.__table__)
_BATCH: Final = 200
_SHOWN: Final = (Status.SCHEDULED, *ON, Status.ENDED, Status.POSTED)


class Part(StrEnum):
    """What was found; what stands first counts most."""

    TITLE = "title"
    ABOUT = "about"
    SAID = "said"


_RANKS: Final = tuple(Part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A text that can be found, by words of its own and by those of `also`. Times are milliseconds
    of the replay; `who` is a seat's name."""

    part: Part
    text: str
    cue: str = ""
    at_ms: int = 0
    end_ms: int = 0
    who: str = ""
    also: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A space with something in it: the first sentences, and how many there are."""

    space: Listed
    moments: list[Sentence]
    count: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what was found; `cursor` asks for the next one, "" at the end."""

    found: list[Found]
    cursor: str


@dataclass(slots=True)
class _Group:
    """What was found in one space: the rows' ids by their part, and where it stands in order."""

    space: str
    starts_at_ms: int
    rows: list[tuple[Part, int, int]]

    def first(self, count: int) -> list[int]:
        """The headings, and so many of the sentences that were said."""
        said = sorted((at_ms, id_) for part, at_ms, id_ in self.rows if part is Part.SAID)
        heads = [(_RANKS.index(part), id_) for part, _, id_ in self.rows if part is not Part.SAID]
        return [id_ for _, id_ in (*sorted(heads), *said[:count])]

    def order(self) -> tuple[int, int, int, str]:
        """A title before a description before what was said; then where more was found, by powers
        of two; then new ones."""
        best = min(_RANKS.index(part) for part, _, _ in self.rows)
        return best, -len(self.rows).bit_length(), -self.starts_at_ms, self.space


class Index:
    """The index in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._fts5 = database.engine.dialect.name == "sqlite"

    async def replace(
        self, session: AsyncSession, space: str, rows: Sequence[dict[str, Any]]
    ) -> None:
        """Let these rows (`made`) be all that can be found of a space."""
        await session.execute(delete(SentenceRow).where(SentenceRow.space_id == space))
        for some in _batched(rows):
            await session.execute(insert(_ROWS), some)

    async def find(
        self, query: Query, *, now_ms: int, account_id: str = "", space: str = "", cursor: str = ""
    ) -> Page:
        """What there is for this asker ("": somebody who is not signed in), a page of spaces; of
        one `space` alone, more of its sentences. `now_ms` is Unix milliseconds."""
        if not query:
            return Page([], "")
        after = _read(cursor) if cursor else None
        async with self._database.read() as session:
            rows = await self._rows(session, query, _visible(account_id, now_ms), space)
            groups = _grouped(rows)
            if after is not None:
                groups = [group for group in groups if group.order() > after]
            shown = groups[: limits.PAGE_SPACES_COUNT]
            found = await self._filled(session, shown, whole=bool(space))
        more = len(groups) > len(shown)
        return Page(found, _written(shown[-1]) if more else "")

    async def said(self, space: str) -> list[Sentence]:
        """What was said in a space, in its order."""
        query = (
            select(SentenceRow)
            .where(SentenceRow.space_id == space, SentenceRow.part == Part.SAID.value)
            .order_by(SentenceRow.at_ms, SentenceRow.id)
        )
        async with self._database.read() as session:
            return [_sentence(row) for row in await session.scalars(query)]

    async def _rows(
        self, session: AsyncSession, query: Query, visible: ColumnElement[bool], space: str
    ) -> list[Row[*tuple[Any, ...]]]:
        """What was found. Headings are looked at apart from what was said, so that a word that
        everybody says does not hide the title in which it stands."""
        within: ColumnElement[bool] = true()
        first, last = 0, 0
        if space:
            bounds = select(func.min(SentenceRow.id), func.max(SentenceRow.id))
            found = (await session.execute(bounds.where(SentenceRow.space_id == space))).one()
            first, last = found[0] or 0, found[1] or 0
            within = SentenceRow.space_id == space
        rows: list[Row[*tuple[Any, ...]]] = []
        for said in (False, True):
            matching, id_ = self._matching(query, said=said)
            if space:  # a space's rows stand together, or nearly so
                matching = matching.where(id_.between(first, last))
            matching = matching.where(within, visible).order_by(id_.desc())
            rows += await session.execute(matching.limit(limits.SEARCH_ROWS_COUNT))
        return rows

    def _matching(
        self, query: Query, *, said: bool
    ) -> tuple[Select[*tuple[Any, ...]], ColumnElement[int]]:
        """The sentences with these words, and their id, by which they can be ordered quickly."""
        chosen: Select[*tuple[Any, ...]] = select(
            SentenceRow.id,
            SentenceRow.space_id,
            SentenceRow.part,
            SentenceRow.at_ms,
            SpaceRow.starts_at_ms,
        )
        id_: ColumnElement[int] = SentenceRow.__table__.c.id
        if self._fts5:
            fts5 = _FTS5[said]
            id_ = fts5.c.rowid
            chosen = chosen.join(fts5, id_ == SentenceRow.id).where(
                fts5.c[fts5.name].op("MATCH")(query.for_fts5())
            )
        else:
            language: ColumnElement[Any] = literal_column("'simple'::regconfig")
            words = func.to_tsvector(language, SentenceRow.words)
            # Spelt out, because the indexes are of one part each.
            part: ColumnElement[bool] = literal_column(f"part {'=' if said else '<>'} 'said'")
            chosen = chosen.where(
                part, words.op("@@")(func.to_tsquery(language, query.for_tsquery()))
            )
        return chosen.join(SpaceRow, SpaceRow.id == SentenceRow.space_id), id_

    async def _filled(
        self, session: AsyncSession, groups: Sequence[_Group], *, whole: bool
    ) -> list[Found]:
        count = limits.SEARCH_MOMENTS_ALL_COUNT if whole else limits.SEARCH_MOMENTS_COUNT
        chosen = {group.space: group.first(count) for group in groups}
        ids = [id_ for wanted in chosen.values() for id_ in wanted]
        query = select(SentenceRow).where(SentenceRow.id.in_(ids))
        rows = {row.id: row for row in await session.scalars(query)}
        query_spaces = select(SpaceRow).where(SpaceRow.id.in_(chosen))
        spaces = {row.id: listed(row) for row in await session.scalars(query_spaces)}
        return [
            Found(
                spaces[group.space],
                [_sentence(rows[id_]) for id_ in chosen[group.space] if id_ in rows],
                sum(part is Part.SAID for part, _, _ in group.rows),
            )
            for group in groups
            if group.space in spaces
        ]


def _grouped(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[_Group]:
    """By space, in order."""
    groups: dict[str, _Group] = {}
    for row in rows:
        group = groups.setdefault(row.space_id, _Group(row.space_id, row.starts_at_ms, []))
        group.rows.append((Part(row.part), row.at_ms, row.id))
    return sorted(groups.values(), key=_Group.order)


def _batched(rows: Sequence[dict[str, Any]]) -> Iterable[Sequence[dict[str, Any]]]:
    """So many rows at once that everybody else in this process waits for 10 ms at most."""
    for at in range(0, len(rows), _BATCH):
        yield rows[at : at + _BATCH]


def made(space: str, sentences: Iterable[Sentence]) -> list[dict[str, Any]]:
    """The rows in which sentences are found."""
    return [
        {
            "space_id": space,
            "part": one.part.value,
            "cue": one.cue,
            "at_ms": one.at_ms,
            "end_ms": one.end_ms,
            "who": one.who,
            "text": one.text,
            "words": looked_for(f"{one.text} {one.also}"),
        }
        for one in sentences
    ]


def _visible(account_id: str, now_ms: int) -> ColumnElement[bool]:
    """What an asker may find: what is on public lists, and all of what they run themselves. What
    was said is found where it can be heard."""
    late_ms = now_ms - limits.AGENDA_LATE_S * 1000
    public = and_(
        SpaceRow.listed,
        ~SpaceRow.private,
        SpaceRow.status.in_(_SHOWN),
        or_(SpaceRow.status != Status.SCHEDULED, SpaceRow.starts_at_ms > late_ms),
        or_(
            SentenceRow.part != Part.SAID.value,
            and_(SpaceRow.status == Status.POSTED, ~SpaceRow.gone),
        ),
    )
    if not account_id:
        return public
    seats = select(HeldSeatRow.space_id).where(HeldSeatRow.account_id == account_id)
    return or_(public, SpaceRow.owner_id == account_id, SpaceRow.id.in_(seats))


def _sentence(row: SentenceRow) -> Sentence:
    return Sentence(
        part=Part(row.part),
        text=row.text,
        cue=row.cue,
        at_ms=row.at_ms,
        end_ms=row.end_ms,
        who=row.who,
    )


def _written(group: _Group) -> str:
    best, count, starts_ms, space = group.order()
    return f"{best}-{-count}-{-starts_ms}-{space}"


def _read(cursor: str) -> tuple[int, int, int, str]:
    parts = cursor.split("-")
    numbers = parts[:3]
    right = len(parts) == 4 and all(n.isascii() and n.isdecimal() for n in numbers)
    if not right or any(len(n) > 15 for n in numbers) or len(parts[3]) > 16:
        raise BadInput("cursor", expected="the one that came with the page before")
    best, count, starts_ms = map(int, numbers)
    return best, -count, -starts_ms, parts[3]

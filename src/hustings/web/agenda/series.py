"""Series: spaces that belong together, at one address that stays. In the database."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError

from hustings import limits
from hustings.space import Status
from hustings.web import secret
from hustings.web.agenda.recurrence import Rule
from hustings.web.catalogue import Listed, listed
from hustings.web.database import Database
from hustings.web.problem import Problem
from hustings.web.tables import SeriesRow, SpaceRow

SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_RESERVED: Final = frozenset({"new"})
_TRIES: Final = 10
_NUMBERS: Final = 5  # addresses that end in -2, -3 …
ENDED: Final = "This series has ended."
TAKEN: Final = "This address is taken by another series."


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Spaces that belong together; see `tables.SeriesRow`."""

    id: str
    slug: str
    owner_id: str
    title: str
    description: str
    language: str
    picture: str
    listed: bool
    rule: Rule
    anchor: str
    zone: str
    created_at_ms: int
    ended_at_ms: int | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing is to be added any more."""
        return self.ended_at_ms is not None


class SeriesBook:
    """All series of this studio. `now_ms` is Unix milliseconds everywhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, *, owner_id: str, title: str, slug: str = "", now_ms: int, **fields: Any
    ) -> Series | None:
        """A new series; without `slug` its address is made of the title. None: it is taken."""
        async with self._database.read() as session:
            owned = select(func.count()).where(SeriesRow.owner_id == owner_id)
            if (await session.scalar(owned) or 0) >= limits.SERIES_COUNT:
                raise Problem(409, "full", f"You have {limits.SERIES_COUNT} series already.")
        values: dict[str, Any] = {
            "description": "",
            "language": "",
            "picture": "",
            "listed": True,
            "rule": "",
            "anchor": "",
            "zone": "UTC",
            **fields,
        }
        for n in range(_TRIES):
            series_id = secret.identifier()
            row = SeriesRow(
                id=series_id,
                slug=slug or _numbered(slug_of(title), n, series_id),
                owner_id=owner_id,
                title=title,
                created_at_ms=now_ms,
                **values,
            )
            try:
                async with self._database.write() as session:
                    session.add(row)
            except IntegrityError:
                if slug:
                    return None
                continue
            return _series(row)
        return None

    async def get(self, named: str) -> Series | None:
        """The series with that id or address, None if there is none."""
        async with self._database.read() as session:
            row = await session.scalar(
                select(SeriesRow)
                .where(or_(SeriesRow.slug == named, SeriesRow.id == named))
                # An address that looks like another one's id: the address has it.
                .order_by((SeriesRow.slug == named).desc())
            )
        return _series(row) if row else None

    async def owned(self, account_id: str) -> list[Series]:
        """An account's series, by title."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(SeriesRow)
                .where(SeriesRow.owner_id == account_id)
                .order_by(func.lower(SeriesRow.title), SeriesRow.id)
                .limit(limits.SERIES_COUNT)
            )
            return [_series(row) for row in rows]

    async def change(self, series: Series, **fields: Any) -> Series:
        """Change what is said of a series, or how it repeats. Its address stays."""
        async with self._database.write() as session:
            if fields:
                await session.execute(
                    update(SeriesRow).where(SeriesRow.id == series.id).values(**fields)
                )
            row = await session.get_one(SeriesRow, series.id)
        return _series(row)

    async def spaces(self, series: Series) -> list[Listed]:
        """The spaces of a series, those that begin last first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(SpaceRow)
                .where(SpaceRow.series_id == series.id)
                .order_by(SpaceRow.starts_at_ms.desc(), SpaceRow.id)
                .limit(limits.SERIES_SPACES_COUNT)
            )
            return [listed(row) for row in rows]

    async def shown(self, series: Series) -> list[Listed]:
        """Those of its spaces that everybody may see: on its page and in its calendar.

        A series that is listed itself leads nobody to a space that is found by its address only.
        """
        return [
            one
            for one in await self.spaces(series)
            if not one.private
            and one.status is not Status.WITHHELD
            and (one.listed or not series.listed)
        ]

    async def restart(
        self, series: Series, first: Listed, *, last: int, rule: Rule, anchor: str, zone: str
    ) -> Series | None:
        """Let a series repeat by this rule from `first` on, which becomes its occurrence 0.

        None if somebody else has changed it meanwhile: `series` is not as it was read, or `last` is
        not its last occurrence any more.
        """
        here = SpaceRow.series_id == series.id
        async with self._database.write() as session:
            row = await session.get_one(SeriesRow, series.id, with_for_update=True)
            now_last = await session.scalar(select(func.max(SpaceRow.occurrence)).where(here))
            if _series(row) != series or now_last != last:
                return None
            row.rule, row.anchor, row.zone = rule.value, anchor, zone
            await session.execute(update(SpaceRow).where(here).values(occurrence=-1))
            await session.execute(
                update(SpaceRow).where(here, SpaceRow.id == first.id).values(occurrence=0)
            )
        return _series(row)


def slug_of(title: str) -> str:
    """An address made of a title: `who-owns-the-river`; `series` where nothing is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: limits.SLUG_CHARS - 4].strip("-")
    return made if made and made not in _RESERVED else "series"


def good_slug(slug: str) -> bool:
    """Whether a series may have this address."""
    return bool(SLUG.fullmatch(slug)) and slug not in _RESERVED


def _numbered(slug: str, n: int, series_id: str) -> str:
    # Titles in other scripts all make the same address: after some numbers the id tells them apart.
    if n > _NUMBERS:
        return f"{slug[: limits.SLUG_CHARS - len(series_id) - 1].rstrip('-')}-{series_id}"
    return f"{slug}-{n + 1}" if n else slug


def _series(row: SeriesRow) -> Series:
    values = {name: getattr(row, name) for name in Series.__slots__}
    return Series(**{**values, "rule": Rule(row.rule)})

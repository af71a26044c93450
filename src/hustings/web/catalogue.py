"""The catalogue: which spaces there are, who owns them, which seats accounts hold, and invitations.

Its `status` is a copy for lists and for the doors timer, brought up to date after every event; the
truth is in each space's log.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from hustings import limits
from hustings.space import Role, Space, Status
from hustings.space.state import Publishing
from hustings.web import secret
from hustings.web.database import Database
from hustings.web.tables import HeldSeatRow, InviteRow, SpaceRow


@dataclass(frozen=True, slots=True)
class Listed:
    """A space as lists show it."""

    id: str
    owner_id: str
    title: str
    status: Status
    starts_at_ms: int
    doors_at_ms: int | None
    created_at_ms: int = 0
    description: str = ""
    language: str = ""
    host: str = ""
    picture: str = ""
    listed: bool = True
    private: bool = False
    publishing: Publishing = Publishing.AUTO
    reason: str = ""
    series_id: str = ""
    recording_seconds: float | None = None
    changed_at_ms: int = 0
    occurrence: int = -1
    live_at_ms: int | None = None
    ended_at_ms: int | None = None
    receipt_sha256: str = ""
    version: int = 0
    gone: bool = False
    kept_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Invite:
    """Where an invitation leads."""

    space: str
    seat: str
    role: Role


class Catalogue:
    """The catalogue in the database. `now_ms` is Unix milliseconds everywhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, space: Space, *, owner_id: str, seat: str, now_ms: int, occurrence: int = -1
    ) -> bool:
        """A new space, with its owner's seat. False if its series has that occurrence already."""
        try:
            await self._add(space, owner_id, seat, now_ms, occurrence)
        except IntegrityError:
            if occurrence < 0:
                raise
            return False
        return True

    async def _add(
        self, space: Space, owner_id: str, seat: str, now_ms: int, occurrence: int
    ) -> None:
        async with self._database.write() as session:
            session.add(
                SpaceRow(
                    id=space.id,
                    owner_id=owner_id,
                    created_at_ms=now_ms,
                    changed_at_ms=now_ms,
                    occurrence=occurrence,
                    **_copied(space),
                )
            )
            await session.flush()
            session.add(HeldSeatRow(space_id=space.id, account_id=owner_id, seat=seat))

    async def get(self, space: str) -> Listed | None:
        """The space, None if there is none."""
        async with self._database.read() as session:
            row = await session.get(SpaceRow, space)
        return listed(row) if row else None

    async def owned(self, account_id: str) -> list[Listed]:
        """An account's newest spaces."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(SpaceRow)
                .where(SpaceRow.owner_id == account_id)
                .order_by(SpaceRow.created_at_ms.desc())
                .limit(limits.HOME_SPACES_COUNT)
            )
            return [listed(row) for row in rows]

    async def in_status(self, statuses: Collection[Status]) -> list[Listed]:
        """All spaces in one of these statuses."""
        async with self._database.read() as session:
            rows = await session.scalars(select(SpaceRow).where(SpaceRow.status.in_(statuses)))
            return [listed(row) for row in rows]

    async def changed(self, statuses: Collection[Status], *, since_ms: int) -> list[Listed]:
        """The spaces in one of these statuses whose rows have changed since then."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(SpaceRow).where(
                    SpaceRow.status.in_(statuses), SpaceRow.changed_at_ms > since_ms
                )
            )
            return [listed(row) for row in rows]

    async def due(self, *, now_ms: int) -> list[Listed]:
        """Scheduled spaces whose doors should be open by now."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(SpaceRow).where(
                    SpaceRow.status == Status.SCHEDULED, SpaceRow.doors_at_ms <= now_ms
                )
            )
            return [listed(row) for row in rows]

    async def beginning(self, *, after_ms: int, until_ms: int) -> list[Listed]:
        """Spaces that are to begin in this span."""
        query = select(SpaceRow).where(
            SpaceRow.status.in_((Status.SCHEDULED, Status.DOORS)),
            SpaceRow.starts_at_ms > after_ms,
            SpaceRow.starts_at_ms <= until_ms,
        )
        async with self._database.read() as session:
            return [listed(row) for row in await session.scalars(query)]

    async def next_doors_ms(self) -> int | None:
        """When the next doors open by themselves; None while none do."""
        async with self._database.read() as session:
            found: int | None = await session.scalar(
                select(func.min(SpaceRow.doors_at_ms)).where(SpaceRow.status == Status.SCHEDULED)
            )
            return found

    async def refresh(self, space: Space) -> None:
        """Copy what the log says; writes only what is different."""
        copied = _copied(space)
        async with self._database.read() as session:
            row = await session.get(SpaceRow, space.id)
        if row is None:
            return
        same = all(getattr(row, name) == value for name, value in copied.items())
        if same and row.changed_at_ms:
            return
        if row.series_id != copied["series_id"]:
            copied["occurrence"] = -1  # it was one of the series that it leaves
        # The wall clock is asked here and not by whoever calls: it says when the copy was made.
        async with self._database.write() as session:
            await session.execute(
                update(SpaceRow)
                .where(SpaceRow.id == space.id)
                .values(changed_at_ms=time.time_ns() // 1_000_000, **copied)
            )

    async def uncompared(self) -> list[Listed]:
        """Spaces of an older installation, which nobody has compared with their logs yet."""
        async with self._database.read() as session:
            rows = await session.scalars(select(SpaceRow).where(SpaceRow.changed_at_ms == 0))
            return [listed(row) for row in rows]

    async def seat_of(self, space: str, account_id: str) -> str:
        """The account's seat in a space, "" if it has none."""
        async with self._database.read() as session:
            row = await session.get(HeldSeatRow, (space, account_id))
        return row.seat if row else ""

    async def invite(self, space: str, seat: str, *, role: Role, now_ms: int) -> str:
        """A new invitation to a seat, instead of any earlier one; returns its token."""
        token = secret.token()
        async with self._database.write() as session:
            await session.execute(
                delete(InviteRow).where(InviteRow.space_id == space, InviteRow.seat == seat)
            )
            session.add(
                InviteRow(
                    token_hash=secret.digest(token),
                    space_id=space,
                    seat=seat,
                    role=role,
                    expires_at_ms=now_ms + limits.INVITE_S * 1000,
                )
            )
        return token

    async def uninvite(self, space: str, seat: str) -> None:
        """End the invitation to a seat."""
        async with self._database.write() as session:
            await session.execute(
                delete(InviteRow).where(InviteRow.space_id == space, InviteRow.seat == seat)
            )

    async def invites(self, invite: Invite) -> bool:
        """Whether there still is an invitation to this seat."""
        async with self._database.read() as session:
            found = await session.scalar(
                select(InviteRow.seat).where(
                    InviteRow.space_id == invite.space, InviteRow.seat == invite.seat
                )
            )
        return found is not None

    async def invited(self, token: str, *, now_ms: int) -> Invite | None:
        """Where the invitation leads, None if it expired or was ended."""
        async with self._database.read() as session:
            row = await session.scalar(
                select(InviteRow).where(
                    InviteRow.token_hash == secret.digest(token), InviteRow.expires_at_ms > now_ms
                )
            )
        return Invite(row.space_id, row.seat, Role(row.role)) if row else None


_COPIED: Final = (
    *("title", "description", "language", "host", "picture", "listed", "private", "reason"),
    *("starts_at_ms", "doors_at_ms", "live_at_ms", "ended_at_ms", "recording_seconds"),
    *("receipt_sha256", "version", "gone"),
)


def _copied(space: Space) -> dict[str, Any]:
    """What a row holds of a space's log."""
    return {
        **{name: getattr(space, name) for name in _COPIED},
        "status": space.status.value,
        "publishing": space.publishing.value,
        "series_id": space.series,
        "kept_bytes": space.replay.kept_bytes,
        "words": searched(space.title, space.host, space.description),
    }


def searched(*texts: str) -> str:
    """Texts as a search compares them: without capitals, in every script and on every database."""
    return " ".join(" ".join(texts).casefold().split())


def listed(row: SpaceRow) -> Listed:
    """The space that a row is about."""
    return Listed(
        **{name: getattr(row, name) for name in _COPIED},
        id=row.id,
        owner_id=row.owner_id,
        status=Status(row.status),
        publishing=Publishing(row.publishing),
        series_id=row.series_id,
        created_at_ms=row.created_at_ms,
        changed_at_ms=row.changed_at_ms,
        occurrence=row.occurrence,
        kept_bytes=row.kept_bytes,
    )

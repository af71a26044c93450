"""The catalogue: which spaces there are, who owns them, which seats accounts hold, and invitations.

Its `status` is a copy for lists and for the doors timer, brought up to date after every event; the
truth is in each space's log.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from hustings import limits
from hustings.space import Role, Space, Status
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

    async def add(self, space: Space, *, owner_id: str, seat: str, now_ms: int) -> None:
        """A new space, with its owner's seat."""
        async with self._database.write() as session:
            session.add(
                SpaceRow(
                    id=space.id,
                    owner_id=owner_id,
                    title=space.title,
                    status=space.status,
                    starts_at_ms=space.starts_at_ms,
                    doors_at_ms=space.doors_at_ms,
                    created_at_ms=now_ms,
                )
            )
            await session.flush()
            session.add(HeldSeatRow(space_id=space.id, account_id=owner_id, seat=seat))

    async def get(self, space: str) -> Listed | None:
        """The space, None if there is none."""
        async with self._database.read() as session:
            row = await session.get(SpaceRow, space)
        return _listed(row) if row else None

    async def owned(self, account_id: str) -> list[Listed]:
        """An account's newest spaces."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(SpaceRow)
                .where(SpaceRow.owner_id == account_id)
                .order_by(SpaceRow.created_at_ms.desc())
                .limit(limits.HOME_SPACES_COUNT)
            )
            return [_listed(row) for row in rows]

    async def in_status(self, statuses: Collection[Status]) -> list[Listed]:
        """All spaces in one of these statuses."""
        async with self._database.read() as session:
            rows = await session.scalars(select(SpaceRow).where(SpaceRow.status.in_(statuses)))
            return [_listed(row) for row in rows]

    async def due(self, *, now_ms: int) -> list[Listed]:
        """Scheduled spaces whose doors should be open by now."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(SpaceRow).where(
                    SpaceRow.status == Status.SCHEDULED, SpaceRow.doors_at_ms <= now_ms
                )
            )
            return [_listed(row) for row in rows]

    async def next_doors_ms(self) -> int | None:
        """When the next doors open by themselves; None while none do."""
        async with self._database.read() as session:
            found: int | None = await session.scalar(
                select(func.min(SpaceRow.doors_at_ms)).where(SpaceRow.status == Status.SCHEDULED)
            )
            return found

    async def refresh(self, space: Space) -> None:
        """Copy what the log says."""
        async with self._database.write() as session:
            await session.execute(
                update(SpaceRow)
                .where(SpaceRow.id == space.id)
                .values(
                    title=space.title,
                    status=space.status,
                    starts_at_ms=space.starts_at_ms,
                    doors_at_ms=space.doors_at_ms,
                )
            )

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


def _listed(row: SpaceRow) -> Listed:
    return Listed(
        row.id, row.owner_id, row.title, Status(row.status), row.starts_at_ms, row.doors_at_ms
    )

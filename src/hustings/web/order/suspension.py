"""Suspensions: who may not speak, chat or create, until when and why.

A state beside an account, never a deletion: role, spaces and all else stay as they are. Who is
suspended is known to every web node within `limits.SUSPENSION_FRESH_S`: one query in that time,
however often it is asked.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from dataclasses import dataclass

from sqlalchemy import Exists, SQLColumnExpression, delete, exists, literal, or_, select, update

from hustings import limits
from hustings.web import secret
from hustings.web.database import Database
from hustings.web.order.audit import Audit
from hustings.web.tables import GuestAddressRow, SuspensionRow, TakenSeatRow
from hustings.web.tables.agenda import InviteRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """One that lasts. `until_ms` None: for good."""

    id: str
    person: str
    name: str
    reason: str
    by: str
    at_ms: int
    until_ms: int | None

    def lasts(self, now_ms: int) -> bool:
        """Whether it has not run out."""
        return self.until_ms is None or self.until_ms > now_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenSeat:
    """A seat that is given back when the suspension ends. `invite_hash` "" if it had no link."""

    space: str
    seat: str
    name: str
    role: str
    invite_hash: str = ""
    invite_expires_at_ms: int | None = None


class Suspensions:
    """Suspensions in the database. `now_ms` is Unix milliseconds; `key` hashes addresses."""

    def __init__(self, database: Database, *, key: bytes) -> None:
        self._database = database
        self._key = key
        self._known: dict[str, Suspension] = {}
        self._addresses: dict[str, int] = {}
        self._fresh_until_s = 0.0
        self._lock = asyncio.Lock()

    async def suspended(self, person: str) -> bool:
        """Whether this person may not speak, chat or create."""
        return await self.of(person, now_ms=time.time_ns() // 1_000_000) is not None

    async def of(self, person: str, *, now_ms: int) -> Suspension | None:
        """The suspension that this person is under, with its reason and end."""
        await self._freshen(now_ms)
        found = self._known.get(person)
        return found if found is not None and found.lasts(now_ms) else None

    async def barred(self, address: str, *, now_ms: int) -> bool:
        """Whether a guest from this address was banned within the last day."""
        await self._freshen(now_ms)
        return self._addresses.get(self.address_hash(address), 0) > now_ms

    async def met(self, person: str, address: str, *, now_ms: int) -> None:
        """Remember for a day where a guest came from, as a keyed hash."""
        row = GuestAddressRow(
            person=person, address_hash=self.address_hash(address), seen_at_ms=now_ms
        )
        async with self._database.write() as session:
            old = now_ms - limits.GUEST_ADDRESS_S * 1000
            await session.execute(delete(GuestAddressRow).where(GuestAddressRow.seen_at_ms < old))
            await session.merge(row)

    def address_hash(self, address: str) -> str:
        """What is kept of an address: worth nothing without this installation's key."""
        return hmac.new(self._key, f"address:{address}".encode(), hashlib.sha256).hexdigest()

    async def add(
        self, person: str, *, name: str, reason: str, until_ms: int | None, by: str, by_name: str,
        now_ms: int,
    ) -> Suspension:  # fmt: skip
        """Suspend, instead of any suspension before; a guest's address is barred for a day."""
        row = SuspensionRow(
            id=secret.identifier(16),
            person=person,
            name=name[: limits.NAME_CHARS],
            reason=reason,
            by=by,
            at_ms=now_ms,
            until_ms=until_ms,
            address_hash="",
            address_until_ms=None,
            lifted_at_ms=None,
            lifted_by="",
        )
        async with self._database.write() as session:
            seen = await session.get(GuestAddressRow, person)
            if seen is not None:
                row.address_hash = seen.address_hash
                row.address_until_ms = now_ms + limits.ADDRESS_BAN_S * 1000
            old = list(
                await session.scalars(
                    update(SuspensionRow)
                    .where(SuspensionRow.person == person, SuspensionRow.lifted_at_ms.is_(None))
                    .values(lifted_at_ms=now_ms, lifted_by=by)
                    .returning(SuspensionRow.id)
                )
            )
            session.add(row)
            await session.flush()
            # What an earlier one took is now this one's to give back.
            await session.execute(
                update(TakenSeatRow)
                .where(TakenSeatRow.suspension_id.in_(old))
                .values(suspension_id=row.id)
            )
            Audit.put(
                session,
                by=by,
                by_name=by_name,
                did="person.suspended",
                about=f"person:{person}",
                person=person,
                reason=reason,
                snapshot=f"{name}, {'for good' if until_ms is None else f'until {until_ms}'}",
                now_ms=now_ms,
            )
        self.forget()
        return _suspension(row)

    async def lift(
        self, suspension: Suspension, *, reason: str, by: str, by_name: str, now_ms: int
    ) -> bool:
        """End this suspension; False if it has ended. Another one of the same person stays."""
        person = suspension.person
        async with self._database.write() as session:
            lifted = await session.scalar(
                update(SuspensionRow)
                .where(SuspensionRow.id == suspension.id, SuspensionRow.lifted_at_ms.is_(None))
                .values(lifted_at_ms=now_ms, lifted_by=by)
                .returning(SuspensionRow.id)
            )
            if lifted is None:
                return False
            Audit.put(
                session,
                by=by,
                by_name=by_name,
                did="person.reinstated",
                about=f"person:{person}",
                person=person,
                reason=reason,
                now_ms=now_ms,
            )
        self.forget()
        return True

    async def taken(self, suspension: Suspension) -> list[TakenSeat]:
        """The seats that a suspension took away, if it was not lifted."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(TakenSeatRow)
                .join(SuspensionRow, SuspensionRow.id == TakenSeatRow.suspension_id)
                .where(SuspensionRow.id == suspension.id, SuspensionRow.lifted_at_ms.is_(None))
            )
            return [_taken(row) for row in rows]

    async def take(self, suspension: Suspension, seat: TakenSeat) -> TakenSeat:
        """Write down a seat that is being taken away, and end its invitation meanwhile."""
        async with self._database.write() as session:
            link = await session.scalar(
                select(InviteRow).where(
                    InviteRow.space_id == seat.space, InviteRow.seat == seat.seat
                )
            )
            row = TakenSeatRow(
                suspension_id=suspension.id,
                space_id=seat.space,
                seat=seat.seat,
                name=seat.name,
                role=seat.role,
                invite_hash=link.token_hash if link else "",
                invite_expires_at_ms=link.expires_at_ms if link else None,
            )
            await session.merge(row)
            if link is not None:
                await session.delete(link)
        return _taken(row)

    async def give_back_link(self, seat: TakenSeat) -> None:
        """Let the invitation of a seat that is given back work again."""
        if not seat.invite_hash or seat.invite_expires_at_ms is None:
            return
        async with self._database.write() as session:
            await session.execute(
                delete(InviteRow).where(
                    InviteRow.space_id == seat.space, InviteRow.seat == seat.seat
                )
            )
            session.add(
                InviteRow(
                    token_hash=seat.invite_hash,
                    space_id=seat.space,
                    seat=seat.seat,
                    role=seat.role,
                    expires_at_ms=seat.invite_expires_at_ms,
                )
            )

    async def current(self, *, now_ms: int) -> list[Suspension]:
        """Those that last, newest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(SuspensionRow)
                .where(
                    SuspensionRow.lifted_at_ms.is_(None),
                    or_(SuspensionRow.until_ms.is_(None), SuspensionRow.until_ms > now_ms),
                )
                .order_by(SuspensionRow.at_ms.desc())
                .limit(limits.SUSPENSIONS_COUNT)
            )
            return [_suspension(row) for row in rows]

    async def run_out(self, *, now_ms: int) -> list[Suspension]:
        """Those whose time is over and whose seats were not given back yet."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(SuspensionRow)
                .where(SuspensionRow.lifted_at_ms.is_(None), SuspensionRow.until_ms <= now_ms)
                .limit(limits.SUSPENSIONS_COUNT)
            )
            return [_suspension(row) for row in rows]

    def forget(self) -> None:
        """Ask the database anew: something has changed here."""
        self._fresh_until_s = 0.0

    async def _freshen(self, now_ms: int) -> None:
        if time.monotonic() < self._fresh_until_s:
            return
        async with self._lock:
            if time.monotonic() < self._fresh_until_s:
                return
            # Before the query: what changes during it makes it stale again.
            self._fresh_until_s = time.monotonic() + limits.SUSPENSION_FRESH_S
            try:
                self._known, self._addresses = await self._load(now_ms)
            except BaseException:
                self._fresh_until_s = 0.0
                raise

    async def _load(self, now_ms: int) -> tuple[dict[str, Suspension], dict[str, int]]:
        async with self._database.read() as session:
            rows = (
                await session.scalars(
                    select(SuspensionRow).where(
                        SuspensionRow.lifted_at_ms.is_(None),
                        or_(SuspensionRow.until_ms.is_(None), SuspensionRow.until_ms > now_ms),
                    )
                )
            ).all()
        known = {row.person: _suspension(row) for row in rows}
        addresses: dict[str, int] = {}
        for row in rows:  # several guests may have been banned there
            if row.address_hash and row.address_until_ms is not None:
                before = addresses.get(row.address_hash, 0)
                addresses[row.address_hash] = max(before, row.address_until_ms)
        return known, addresses


def lasting(account: str | SQLColumnExpression[str], *, now_ms: int) -> Exists:
    """For queries: whether the account with this id is suspended."""
    return exists().where(
        SuspensionRow.person == literal("a-") + account,
        SuspensionRow.lifted_at_ms.is_(None),
        or_(SuspensionRow.until_ms.is_(None), SuspensionRow.until_ms > now_ms),
    )


def _suspension(row: SuspensionRow) -> Suspension:
    return Suspension(
        id=row.id,
        person=row.person,
        name=row.name,
        reason=row.reason,
        by=row.by,
        at_ms=row.at_ms,
        until_ms=row.until_ms,
    )


def _taken(row: TakenSeatRow) -> TakenSeat:
    return TakenSeat(
        space=row.space_id,
        seat=row.seat,
        name=row.name,
        role=row.role,
        invite_hash=row.invite_hash,
        invite_expires_at_ms=row.invite_expires_at_ms,
    )

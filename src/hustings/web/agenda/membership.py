"""Who may listen to a private space by being signed in, and who runs a space beside its host.

A member is a row of the database, asked for at every ticket: whoever is taken off the list gets no
further one. A co-host has a seat in the space's log; the row here says which account sits there.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select

from hustings import limits
from hustings.space import Role, Space
from hustings.web.accounts import Account, account_of, normal_email
from hustings.web.database import Database
from hustings.web.problem import Problem
from hustings.web.tables import AccountRow, HeldSeatRow, MemberRow


@dataclass(frozen=True, slots=True)
class Cohost:
    """An account that runs a space beside its host, and its seat."""

    account: Account
    seat: str


class Membership:
    """Members and co-hosts of spaces, in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, who: str) -> Account | None:
        """The account with this handle (with or without @) or e-mail address."""
        who = who.strip()
        handle = who.removeprefix("@").lower()
        query = select(AccountRow).where(
            or_(AccountRow.email == normal_email(who), AccountRow.handle == handle),
            AccountRow.deleted_at_ms.is_(None),
        )
        async with self._database.read() as session:
            row = await session.scalar(query.limit(1)) if handle and len(who) < 255 else None
        return account_of(row) if row else None

    async def members(self, space: str) -> list[Account]:
        """The accounts that may listen, by name."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(AccountRow)
                .join(MemberRow, MemberRow.account_id == AccountRow.id)
                .where(MemberRow.space_id == space)
                .order_by(func.lower(AccountRow.name), AccountRow.id)
            )
            return [account_of(row) for row in rows]

    async def is_member(self, space: str, account_id: str) -> bool:
        """Whether this account may listen."""
        async with self._database.read() as session:
            return await session.get(MemberRow, (space, account_id)) is not None

    async def admit(self, space: str, account: Account, *, now_ms: int) -> None:
        """Put an account on the list; it may be there already."""
        async with self._database.write() as session:
            if await session.get(MemberRow, (space, account.id)) is not None:
                return
            there = select(func.count()).where(MemberRow.space_id == space)
            if (await session.scalar(there) or 0) >= limits.MEMBERS_COUNT:
                raise Problem(409, "full", f"The list has {limits.MEMBERS_COUNT} people already.")
            session.add(MemberRow(space_id=space, account_id=account.id, created_at_ms=now_ms))

    async def dismiss(self, space: str, account_id: str) -> bool:
        """Take an account off the list; False if it was not on it."""
        async with self._database.write() as session:
            row = await session.get(MemberRow, (space, account_id))
            if row is not None:
                await session.delete(row)
        return row is not None

    async def cohosts(self, space: Space) -> list[Cohost]:
        """The accounts whose seats make them co-hosts, as the log has it now."""
        async with self._database.read() as session:
            rows = await session.execute(
                select(AccountRow, HeldSeatRow.seat)
                .join(HeldSeatRow, HeldSeatRow.account_id == AccountRow.id)
                .where(HeldSeatRow.space_id == space.id)
                .order_by(func.lower(AccountRow.name), AccountRow.id)
            )
            found = [Cohost(account_of(row), seat) for row, seat in rows]
        seats = space.seats
        return [one for one in found if one.seat in seats and seats[one.seat].role is Role.COHOST]

    async def hold(self, space: str, account_id: str, seat: str) -> None:
        """Let an account have a seat, instead of any earlier one."""
        async with self._database.write() as session:
            await session.merge(HeldSeatRow(space_id=space, account_id=account_id, seat=seat))

    async def let_go(self, space: str, account_id: str) -> None:
        """The account has no seat any more."""
        async with self._database.write() as session:
            await session.execute(
                delete(HeldSeatRow).where(
                    HeldSeatRow.space_id == space, HeldSeatRow.account_id == account_id
                )
            )

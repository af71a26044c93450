"""Site roles: who is what here, found and changed by those who may."""

from __future__ import annotations

from typing import Final

from sqlalchemy import or_, select

from hustings import limits
from hustings.web.accounts import Account, SiteRole, account_of
from hustings.web.database import Database
from hustings.web.order.audit import Audit
from hustings.web.order.suspension import lasting
from hustings.web.people.profile import owners
from hustings.web.people.refused import Refused
from hustings.web.tables import AccountRow

NOBODY: Final = Refused("form", "There is no such account.")
LAST: Final = Refused("form", "There has to be an owner. Make somebody else one first.")
SUSPENDED: Final = Refused("form", "This account is suspended. Reinstate it first.")
NOT_OWNER: Final = Refused("form", "Only owners change roles.")


class Roles:
    """The accounts of this installation and their roles."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(self, words: str = "", *, offset: int = 0) -> list[Account]:
        """A page of the accounts in which `words` occur, by name; one more if there are more."""
        found = select(AccountRow).where(AccountRow.deleted_at_ms.is_(None))
        if words:
            found = found.where(
                or_(
                    AccountRow.name.icontains(words, autoescape=True),
                    AccountRow.email.icontains(words, autoescape=True),
                    AccountRow.handle.icontains(words, autoescape=True),
                )
            )
        page = found.order_by(AccountRow.name, AccountRow.id).offset(offset)
        async with self._database.read() as session:
            rows = await session.scalars(page.limit(limits.PEOPLE_COUNT + 1))
            return [account_of(row) for row in rows]

    async def change(
        self, account_id: str, role: SiteRole, *, by: Account, now_ms: int
    ) -> Account | Refused:
        """Have an owner give an account another role; never the last owner. Done and written in
        the audit log, or neither."""
        async with self._database.write() as session:
            there = await owners(self._database, session, now_ms=now_ms)
            if by.id not in there:
                return NOT_OWNER
            row = await session.get(AccountRow, account_id)
            if row is None or row.deleted_at_ms is not None:
                return NOBODY
            if role is not SiteRole.OWNER and there == {account_id}:
                return LAST
            if role is SiteRole.OWNER and await session.scalar(
                select(lasting(row.id, now_ms=now_ms))
            ):
                return SUSPENDED
            before, row.role = row.role, role
            Audit.put(
                session,
                by=by.person,
                by_name=by.name,
                did="role.changed",
                about=f"account:{account_id}",
                person=f"a-{account_id}",
                snapshot=f"{row.name}: {before} → {role}",
                now_ms=now_ms,
            )
            return account_of(row)

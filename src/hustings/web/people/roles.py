"""Site roles: who is what here, found and changed by those who may."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, or_, select, update

from hustings import limits
from hustings.web.accounts import Account, SiteRole, account_of
from hustings.web.database import Database
from hustings.web.people.invitations import may_give
from hustings.web.people.profile import owners_count
from hustings.web.people.refused import Refused
from hustings.web.tables import AccountRow, SiteInviteRow

_NOBODY: Final = Refused("form", "There is no such account.")
_LAST: Final = Refused("form", "There has to be an owner. Make somebody else one first.")


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

    async def change(self, account_id: str, role: SiteRole) -> Account | Refused:
        """Give an account another role; never the last owner. Its links to what it may no
        longer give end."""
        async with self._database.write() as session:
            owners = await owners_count(session)
            row = await session.get(AccountRow, account_id)
            if row is None or row.deleted_at_ms is not None:
                return _NOBODY
            if row.role == SiteRole.OWNER and role is not SiteRole.OWNER and owners < 2:
                return _LAST
            await session.execute(
                update(AccountRow).where(AccountRow.id == account_id).values(role=role)
            )
            await session.refresh(row)
            changed = account_of(row)
            kept = [given for given in SiteRole if may_give(changed, given, email="-") is None]
            await session.execute(
                delete(SiteInviteRow).where(
                    SiteInviteRow.by_id == account_id, SiteInviteRow.role.not_in(kept)
                )
            )
            return changed

"""Profiles: name, handle, biography and picture of an account; and how an account is deleted."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hustings import limits
from hustings.web.accounts import Account, SiteRole, account_of
from hustings.web.database import Database
from hustings.web.order.audit import Audit
from hustings.web.order.suspension import lasting
from hustings.web.people.refused import Refused
from hustings.web.tables import (
    AccountRow,
    HookRow,
    IdentityRow,
    PasskeyRow,
    ResetRow,
    SignInRow,
    SiteInviteRow,
    TokenRow,
)

FORMER_NAME: Final = "a former member"
HANDLE: Final = re.compile(f"[a-z0-9_]{{{limits.HANDLE_CHARS_MIN},{limits.HANDLE_CHARS}}}")
_TAKEN: Final = Refused("handle", "Somebody else has this handle.")
LAST_OWNER: Final = Refused("form", "You are the only owner here. Make somebody else one first.")


class Profiles:
    """Profiles in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def change(
        self,
        account: Account,
        *,
        name: str | None = None,
        handle: str | None = None,
        biography: str | None = None,
        picture: str | None = None,
    ) -> Account | Refused:
        """Change what is not None. A handle or picture of "" is given up."""
        given: dict[str, Any] = {
            "name": name,
            "handle": handle,
            "biography": biography,
            "picture": picture,
        }
        values = {field: value for field, value in given.items() if value is not None}
        if "handle" in values:
            values["handle"] = handle or None
        if not values:
            return account
        try:
            async with self._database.write() as session:
                row = await session.scalar(
                    update(AccountRow)
                    .where(AccountRow.id == account.id)
                    .values(**values)
                    .returning(AccountRow)
                )
        except IntegrityError:
            return _TAKEN
        assert row is not None, "who is signed in has an account"
        return account_of(row)

    async def by_handle(self, handle: str) -> Account | None:
        """The account that is called so."""
        if not HANDLE.fullmatch(handle):
            return None
        async with self._database.read() as session:
            row = await session.scalar(select(AccountRow).where(AccountRow.handle == handle))
        return account_of(row) if row else None

    async def delete(self, account: Account, *, now_ms: int) -> Refused | None:
        """Delete an account: all that is of the person goes, its spaces stay as they are."""
        async with self._database.write() as session:
            if await owners(self._database, session, now_ms=now_ms) == {account.id}:
                return LAST_OWNER
            for table, column in (
                (SignInRow, SignInRow.account_id),
                (ResetRow, ResetRow.account_id),
                (PasskeyRow, PasskeyRow.account_id),
                (IdentityRow, IdentityRow.account_id),
                (SiteInviteRow, SiteInviteRow.by_id),
                (TokenRow, TokenRow.account_id),
                (HookRow, HookRow.account_id),
            ):
                await session.execute(delete(table).where(column == account.id))
            await session.execute(
                update(AccountRow)
                .where(AccountRow.id == account.id)
                .values(
                    email=f":{account.id}",
                    name=FORMER_NAME,
                    role=SiteRole.MEMBER,
                    password_hash="",
                    handle=None,
                    biography="",
                    picture="",
                    deleted_at_ms=now_ms,
                )
            )
            Audit.put(
                session,
                by=account.person,
                by_name=account.name,
                did="account.deleted",
                about=f"account:{account.id}",
                person=account.person,
                now_ms=now_ms,
            )
        return None


async def owners(database: Database, session: AsyncSession, *, now_ms: int) -> set[str]:
    """The accounts that own this installation and are not suspended.

    Whoever is about to change that asks here first, and others wait until the transaction ends: of
    two owners who leave at once, one stays.
    """
    await database.alone(session, "owners")
    found = select(AccountRow.id).where(
        AccountRow.role == SiteRole.OWNER,
        AccountRow.deleted_at_ms.is_(None),
        ~lasting(AccountRow.id, now_ms=now_ms),
    )
    return set(await session.scalars(found))

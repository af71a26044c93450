"""Resets: one-time links that set a new password, by mail or from the operator's command."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from hustings import limits
from hustings.web import secret
from hustings.web.accounts import Account, account_of, end_sign_ins
from hustings.web.database import Database
from hustings.web.tables import AccountRow, ResetRow


class Resets:
    """The links in the database. `now_ms` is Unix milliseconds everywhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(self, account: Account, *, now_ms: int) -> str:
        """The token of a new link for this account, instead of any earlier one."""
        token = secret.token()
        async with self._database.write() as session:
            await session.execute(
                delete(ResetRow).where(
                    (ResetRow.account_id == account.id) | (ResetRow.expires_at_ms <= now_ms)
                )
            )
            session.add(
                ResetRow(
                    account_id=account.id,
                    token_hash=secret.digest(token),
                    expires_at_ms=now_ms + limits.RESET_S * 1000,
                )
            )
        return token

    async def find(self, token: str, *, now_ms: int) -> Account | None:
        """Whose password the link sets; None if it is not good, or no longer."""
        async with self._database.read() as session:
            row = await session.scalar(
                select(AccountRow)
                .join(ResetRow, ResetRow.account_id == AccountRow.id)
                .where(ResetRow.token_hash == secret.digest(token), ResetRow.expires_at_ms > now_ms)
            )
        return account_of(row) if row else None

    async def use(self, token: str, *, password_hash: str, now_ms: int) -> Account | None:
        """Set the new password and end all sign-ins. Of two that use a link, one wins."""
        async with self._database.write() as session:
            account_id = await session.scalar(
                delete(ResetRow)
                .where(ResetRow.token_hash == secret.digest(token), ResetRow.expires_at_ms > now_ms)
                .returning(ResetRow.account_id)
            )
            if account_id is None:
                return None
            row = await session.scalar(
                update(AccountRow)
                .where(AccountRow.id == account_id)
                .values(password_hash=password_hash)
                .returning(AccountRow)
            )
            await end_sign_ins(session, account_id)
            assert row is not None
            return account_of(row)

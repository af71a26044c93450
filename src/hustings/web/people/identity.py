"""Identities: who an account is at an OpenID provider. An account has at most one at each."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select

from hustings import limits
from hustings.web.accounts import Account, account_of
from hustings.web.database import Database
from hustings.web.tables import AccountRow, IdentityRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a provider says about somebody. `email` is "" unless the provider has checked it."""

    issuer: str
    subject: str
    email: str = ""
    name: str = ""


class Identities:
    """Which accounts they belong to, in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def account(self, identity: Identity) -> Account | None:
        """The account of somebody at a provider."""
        async with self._database.read() as session:
            row = await session.scalar(
                select(AccountRow)
                .join(IdentityRow, IdentityRow.account_id == AccountRow.id)
                .where(
                    IdentityRow.issuer == identity.issuer, IdentityRow.subject == identity.subject
                )
            )
        return account_of(row) if row else None

    async def connected(self, account: Account, issuer: str) -> bool:
        """Whether the account signs in at this provider."""
        async with self._database.read() as session:
            found = await session.scalar(
                select(IdentityRow.subject).where(
                    IdentityRow.account_id == account.id, IdentityRow.issuer == issuer
                )
            )
        return found is not None

    async def connect(self, account: Account, identity: Identity, *, now_ms: int) -> bool:
        """Let the account sign in there; False if that identity is another account's."""
        async with self._database.write() as session:
            row = await session.get(IdentityRow, (identity.issuer, identity.subject))
            if row is not None:
                return row.account_id == account.id
            await session.execute(
                delete(IdentityRow).where(
                    IdentityRow.account_id == account.id, IdentityRow.issuer == identity.issuer
                )
            )
            session.add(identity_row(identity, account.id, now_ms=now_ms))
        return True

    async def disconnect(self, account: Account, issuer: str) -> None:
        """The account no longer signs in there."""
        async with self._database.write() as session:
            await session.execute(
                delete(IdentityRow).where(
                    IdentityRow.account_id == account.id, IdentityRow.issuer == issuer
                )
            )


def identity_row(identity: Identity, account_id: str, *, now_ms: int) -> IdentityRow:
    """What is kept of an identity."""
    assert len(identity.subject) <= limits.SUBJECT_CHARS
    return IdentityRow(
        issuer=identity.issuer,
        subject=identity.subject,
        account_id=account_id,
        created_at_ms=now_ms,
    )

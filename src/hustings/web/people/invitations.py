"""Invitations to the site: links that make an account, for one address or for whoever has them.

A link for an address works once. An open one works until it expires or is revoked, and never gives
more than the right to make spaces. Open sign-up uses the same links: whoever asks gets one by mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from hustings import limits
from hustings.web import secret
from hustings.web.accounts import Account, SiteRole, account_of, new_row, normal_email, taken
from hustings.web.database import Database
from hustings.web.people.identity import Identity, identity_row
from hustings.web.people.refused import Refused
from hustings.web.tables import AccountRow, SiteInviteRow

OPEN_ROLES: Final = (SiteRole.MEMBER, SiteRole.HOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One invitation. `email` "" for an open one; `by` is the name of who made it, or ""."""

    id: str
    email: str
    role: SiteRole
    by: str
    used_count: int
    created_at_ms: int
    expires_at_ms: int


SPENT: Final = Refused("form", "This link is no longer good. Ask for a new one.")
TAKEN: Final = Refused(
    "form",
    "No account can be made with this address. If you have one already, sign in or set a new "
    "password.",
)
FULL: Final = Refused("form", "There are too many open invitations. Revoke some first.")


def may_give(giver: Account, role: SiteRole, *, email: str) -> Refused | None:
    """Whether this account may invite somebody to `role`."""
    if not giver.moderates:
        return Refused("form", "Only owners and moderators invite people.")
    if giver.role is not SiteRole.OWNER and not giver.above(role):
        return Refused("role", "You can invite members and hosts.")
    if not email and role not in OPEN_ROLES:
        return Refused("email", "Name the address of whom you give this role to.")
    return None


class Invitations:
    """The invitations in the database. `now_ms` is Unix milliseconds everywhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(
        self,
        *,
        email: str,
        role: SiteRole,
        by_id: str | None,
        now_ms: int,
        listed: bool = True,
    ) -> tuple[Invitation, str] | Refused:
        """A new invitation and the token of its link, which is not kept."""
        token = secret.token()
        row = SiteInviteRow(
            id=secret.identifier(),
            token_hash=secret.digest(token),
            email=normal_email(email),
            role=role,
            by_id=by_id,
            listed=listed,
            used_count=0,
            created_at_ms=now_ms,
            expires_at_ms=now_ms + limits.SITE_INVITE_S * 1000,
        )
        async with self._database.write() as session:
            await session.execute(
                delete(SiteInviteRow).where(SiteInviteRow.expires_at_ms <= now_ms)
            )
            if row.email:  # a new link for an address ends the one before
                await session.execute(
                    delete(SiteInviteRow).where(
                        SiteInviteRow.email == row.email, SiteInviteRow.listed == listed
                    )
                )
            kept = select(func.count()).where(SiteInviteRow.listed)
            if listed and (await session.scalar(kept) or 0) >= limits.SITE_INVITES_COUNT:
                return FULL
            session.add(row)
        return _invitation(row, ""), token

    async def find(self, token: str, *, now_ms: int) -> Invitation | None:
        """Where a link leads; None if it is not good, or no longer."""
        async with self._database.read() as session:
            found = (
                await session.execute(
                    select(SiteInviteRow, AccountRow.name)
                    .outerjoin(AccountRow, AccountRow.id == SiteInviteRow.by_id)
                    .where(
                        SiteInviteRow.token_hash == secret.digest(token),
                        SiteInviteRow.expires_at_ms > now_ms,
                    )
                )
            ).one_or_none()
        return _invitation(found[0], found[1] or "") if found else None

    async def all(self, *, now_ms: int) -> list[Invitation]:
        """The open invitations that people or the operator made, newest first."""
        async with self._database.read() as session:
            rows = await session.execute(
                select(SiteInviteRow, AccountRow.name)
                .outerjoin(AccountRow, AccountRow.id == SiteInviteRow.by_id)
                .where(SiteInviteRow.expires_at_ms > now_ms, SiteInviteRow.listed)
                .order_by(SiteInviteRow.created_at_ms.desc())
                .limit(limits.SITE_INVITES_COUNT)
            )
            return [_invitation(row, name or "") for row, name in rows]

    async def revoke(self, invitation: str) -> bool:
        """End an invitation; False if there is none."""
        async with self._database.write() as session:
            gone = await session.scalar(
                delete(SiteInviteRow)
                .where(SiteInviteRow.id == invitation, SiteInviteRow.listed)
                .returning(SiteInviteRow.id)
            )
        return gone is not None

    async def accept(
        self,
        token: str,
        *,
        email: str,
        name: str,
        password_hash: str,
        now_ms: int,
        identity: Identity | None = None,
    ) -> Account | Refused:
        """The account that the link makes. The address of the invitation wins over `email`.

        A link for an address is deleted in the same transaction: of two that use it, one wins.
        """
        try:
            async with self._database.write() as session:
                row = await session.scalar(
                    select(SiteInviteRow)
                    .where(
                        SiteInviteRow.token_hash == secret.digest(token),
                        SiteInviteRow.expires_at_ms > now_ms,
                    )
                    .with_for_update()
                )
                if row is None:
                    return SPENT
                made = new_row(
                    email=row.email or email,
                    name=name,
                    role=SiteRole(row.role),
                    password_hash=password_hash,
                    now_ms=now_ms,
                )
                if await taken(session, made.email):
                    return TAKEN
                row.used_count += 1
                if row.email:
                    await session.delete(row)
                session.add(made)
                await session.flush()
                if identity is not None:
                    session.add(identity_row(identity, made.id, now_ms=now_ms))
        except IntegrityError:
            return TAKEN
        return account_of(made)

    async def open_account(
        self,
        *,
        email: str,
        name: str,
        password_hash: str,
        now_ms: int,
        identity: Identity | None = None,
    ) -> Account | Refused:
        """A member's account without an invitation: where sign-up is open."""
        made = new_row(
            email=email,
            name=name,
            role=SiteRole.MEMBER,
            password_hash=password_hash,
            now_ms=now_ms,
        )
        try:
            async with self._database.write() as session:
                if await taken(session, made.email):
                    return TAKEN
                session.add(made)
                await session.flush()
                if identity is not None:
                    session.add(identity_row(identity, made.id, now_ms=now_ms))
        except IntegrityError:
            return TAKEN
        return account_of(made)


def _invitation(row: SiteInviteRow, by: str) -> Invitation:
    return Invitation(
        id=row.id,
        email=row.email,
        role=SiteRole(row.role),
        by=by,
        used_count=row.used_count,
        created_at_ms=row.created_at_ms,
        expires_at_ms=row.expires_at_ms,
    )

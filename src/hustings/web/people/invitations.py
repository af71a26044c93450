"""Invitations to the site: links that make an account, for one address or for whoever has them.

A link for an address works once. An open one works until it expires or is revoked, and never gives
more than the right to make spaces. Open sign-up uses the same links: whoever asks gets one by mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hustings import limits
from hustings.web import secret
from hustings.web.accounts import Account, SiteRole, account_of, new_row, normal_email, taken
from hustings.web.database import Database
from hustings.web.order.audit import Audit
from hustings.web.order.suspension import lasting
from hustings.web.people.identity import Identity, identity_row
from hustings.web.people.refused import Refused
from hustings.web.tables import AccountRow, SiteInviteRow

OPEN_ROLES: Final = (SiteRole.MEMBER, SiteRole.HOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One invitation. `email` "" for an open one; `by` is the name of who made it, or "".

    `good` says whether who made it may still give it: neither suspended nor in a lower role.
    """

    id: str
    email: str
    role: SiteRole
    by: str
    good: bool
    used_count: int
    created_at_ms: int
    expires_at_ms: int


SPENT: Final = Refused("form", "This link is no longer good. Ask for a new one.")
HELD: Final = Refused(
    "form",
    "Who made this link may not invite people here at the moment. Ask an owner or another "
    "moderator of this studio for a new one.",
)
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
        return _invitation(row), token

    async def find(self, token: str, *, now_ms: int) -> Invitation | None:
        """Where a link leads; None if it has ended."""
        async with self._database.read() as session:
            found = (
                await session.execute(
                    _with_givers(now_ms).where(SiteInviteRow.token_hash == secret.digest(token))
                )
            ).one_or_none()
        return _invitation(*found) if found else None

    async def all(self, *, now_ms: int) -> list[Invitation]:
        """The open invitations that people or the operator made, newest first."""
        async with self._database.read() as session:
            rows = await session.execute(
                _with_givers(now_ms)
                .where(SiteInviteRow.listed)
                .order_by(SiteInviteRow.created_at_ms.desc())
                .limit(limits.SITE_INVITES_COUNT)
            )
            return [_invitation(*row) for row in rows]

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
                found = (
                    await session.execute(
                        _with_givers(now_ms)
                        .where(SiteInviteRow.token_hash == secret.digest(token))
                        .with_for_update(of=SiteInviteRow)
                    )
                ).one_or_none()
                if found is None:
                    return SPENT
                if not _invitation(*found).good:
                    return HELD
                row = found[0]
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
                await _add(session, made, identity, invitation=row, now_ms=now_ms)
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
                await _add(session, made, identity, now_ms=now_ms)
        except IntegrityError:
            return TAKEN
        return account_of(made)


async def _add(
    session: AsyncSession,
    made: AccountRow,
    identity: Identity | None,
    *,
    invitation: SiteInviteRow | None = None,
    now_ms: int,
) -> None:
    session.add(made)
    await session.flush()
    if identity is not None:
        session.add(identity_row(identity, made.id, now_ms=now_ms))
    Audit.put(
        session,
        by=f"a-{made.id}",
        by_name=made.name,
        did="account.made",
        about=f"invitation:{invitation.id}" if invitation else "",
        person=f"a-{made.id}",
        snapshot=f"{made.name}: {made.role}",
        now_ms=now_ms,
    )


def _with_givers(now_ms: int) -> Select[SiteInviteRow, AccountRow, bool]:
    """Links that have not expired, with who made them, and whether these are suspended."""
    return (
        select(SiteInviteRow, AccountRow, lasting(AccountRow.id, now_ms=now_ms))
        .outerjoin(AccountRow, AccountRow.id == SiteInviteRow.by_id)
        .where(SiteInviteRow.expires_at_ms > now_ms)
    )


def _invitation(
    row: SiteInviteRow, giver: AccountRow | None = None, suspended: bool = False
) -> Invitation:
    role = SiteRole(row.role)
    may = giver is None or may_give(account_of(giver), role, email=row.email) is None
    return Invitation(
        id=row.id,
        email=row.email,
        role=role,
        by=giver.name if giver else "",
        good=may and not suspended,
        used_count=row.used_count,
        created_at_ms=row.created_at_ms,
        expires_at_ms=row.expires_at_ms,
    )

"""Accounts and their sign-ins: who may use the studio, on which browsers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hustings import limits
from hustings.web import secret
from hustings.web.cookies import Device
from hustings.web.database import Database
from hustings.web.passwords import Passwords
from hustings.web.people import throttle
from hustings.web.people.throttle import Throttle, Throttled
from hustings.web.tables import AccountRow, FirstLinkRow, ResetRow, SignInRow


class SiteRole(StrEnum):
    """What somebody may do on this installation."""

    OWNER = "owner"
    MODERATOR = "moderator"
    HOST = "host"
    MEMBER = "member"


_ORDER = (SiteRole.MEMBER, SiteRole.HOST, SiteRole.MODERATOR, SiteRole.OWNER)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in. `email`, `handle`, `picture` may be ""."""

    id: str
    email: str
    name: str
    role: SiteRole
    handle: str = ""
    biography: str = ""
    picture: str = ""
    has_password: bool = True
    password_mark: str = ""  # another one with every new password
    created_at_ms: int = 0

    @property
    def person(self) -> str:
        """Who this is in spaces."""
        return f"a-{self.id}"

    @property
    def may_create(self) -> bool:
        """Whether this account may make spaces."""
        return self.role is not SiteRole.MEMBER

    @property
    def moderates(self) -> bool:
        """Whether this account sees people, reports and the audit log."""
        return self.role in (SiteRole.MODERATOR, SiteRole.OWNER)

    def above(self, other: SiteRole) -> bool:
        """Whether this account's role stands higher than `other`."""
        return _ORDER.index(self.role) > _ORDER.index(other)


@dataclass(frozen=True, slots=True)
class SignIn:
    """One signed-in browser. `reference` names it without giving its token away."""

    reference: str
    agent: str
    created_at_ms: int
    current: bool


class Accounts:
    """Accounts and sign-ins in the database. `now_ms` is Unix milliseconds everywhere."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords
        self.throttle = Throttle(database)

    async def owned(self) -> bool:
        """Whether this installation has an owner."""
        async with self._database.read() as session:
            return await has_owner(session)

    async def first(
        self, *, link: str, email: str, name: str, password: str, now_ms: int
    ) -> Account | None:
        """The owner's account, made with the one-time link; None if the link is not good.

        The link's row is deleted in the same transaction: of two that use it, one wins.
        """
        kept = await self._passwords.hash(password)
        row = new_row(
            email=email, name=name, role=SiteRole.OWNER, password_hash=kept, now_ms=now_ms
        )
        async with self._database.write() as session:
            used = await session.scalar(
                delete(FirstLinkRow)
                .where(
                    FirstLinkRow.token_hash == secret.digest(link),
                    FirstLinkRow.expires_at_ms > now_ms,
                )
                .returning(FirstLinkRow.token_hash)
            )
            if used is None or await has_owner(session):
                return None
            session.add(row)
        return account_of(row)

    async def sign_in(
        self,
        *,
        email: str,
        password: str,
        address: str,
        now_ms: int,
        device: Device | None = None,
    ) -> Account | Throttled | None:
        """The account that `email` and `password` belong to, None if to none.

        The attempt is counted before the password is looked at, so that attempts made at once are
        all counted; a right password takes its own back. `device` is what the browser's cookie says
        about having signed in here before.
        """
        email = normal_email(email)
        async with self._database.read() as session:
            row = await session.scalar(select(AccountRow).where(AccountRow.email == email))
        if row is not None and device is not None and device.account_id == row.id:
            bounds = throttle.known_browser(device.nonce)
        else:
            bounds = throttle.stranger(email, address)
        wait = await self.throttle.take(bounds, now_ms=now_ms)
        if wait is not None:
            return wait
        if not await self._passwords.check(password, row.password_hash if row else None):
            return None
        assert row is not None
        await self.throttle.give_back(bounds, now_ms=now_ms)
        return account_of(row)

    async def get(self, account_id: str) -> Account | None:
        """An account by its id; None if there is none, or it was deleted."""
        async with self._database.read() as session:
            row = await session.get(AccountRow, account_id)
        return account_of(row) if row and row.deleted_at_ms is None else None

    async def by_email(self, email: str) -> Account | None:
        """The account with this address."""
        async with self._database.read() as session:
            row = await session.scalar(
                select(AccountRow).where(AccountRow.email == normal_email(email))
            )
        return account_of(row) if row and row.deleted_at_ms is None else None

    async def right_password(self, account: Account, password: str) -> bool:
        """Whether this is the account's password."""
        async with self._database.read() as session:
            row = await session.get(AccountRow, account.id)
        return await self._passwords.check(password, row.password_hash if row else None)

    async def set_password(self, account: Account, password: str, *, keeping: str) -> None:
        """A new password. All sign-ins end but that of the token `keeping`; open resets too."""
        kept = await self._passwords.hash(password)
        async with self._database.write() as session:
            await session.execute(
                update(AccountRow).where(AccountRow.id == account.id).values(password_hash=kept)
            )
            await session.execute(delete(ResetRow).where(ResetRow.account_id == account.id))
            await end_sign_ins(session, account.id, keeping=keeping)

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        return await self._passwords.hash(password)

    async def begin(self, account: Account, *, agent: str, now_ms: int) -> str | None:
        """A new sign-in: the token for the browser's cookie.

        None if the account was deleted or got another password since it was looked up: what that
        ended must not begin anew behind it.
        """
        token = secret.token()
        async with self._database.write() as session:
            row = await session.get(AccountRow, account.id, with_for_update=True)
            if row is None or row.deleted_at_ms is not None or _mark(row) != account.password_mark:
                return None
            await session.execute(delete(SignInRow).where(SignInRow.expires_at_ms <= now_ms))
            session.add(
                SignInRow(
                    token_hash=secret.digest(token),
                    account_id=account.id,
                    agent=agent[:200],
                    created_at_ms=now_ms,
                    expires_at_ms=now_ms + limits.SESSION_S * 1000,
                )
            )
        return token

    async def signed_in(self, token: str, *, now_ms: int) -> Account | None:
        """The account of a session cookie, None if it expired or was revoked."""
        async with self._database.read() as session:
            row = await session.scalar(
                select(AccountRow)
                .join(SignInRow, SignInRow.account_id == AccountRow.id)
                .where(
                    SignInRow.token_hash == secret.digest(token), SignInRow.expires_at_ms > now_ms
                )
            )
        return account_of(row) if row else None

    async def fresh(self, token: str, *, now_ms: int) -> bool:
        """Whether this browser signed in a short while ago."""
        since = now_ms - limits.SIGN_IN_FRESH_S * 1000
        async with self._database.read() as session:
            kept = await session.get(SignInRow, secret.digest(token))
        return kept is not None and kept.created_at_ms > since

    async def end(self, token: str) -> None:
        """Sign this browser out."""
        async with self._database.write() as session:
            await session.execute(
                delete(SignInRow).where(SignInRow.token_hash == secret.digest(token))
            )

    async def sign_ins(self, account: Account, *, token: str, now_ms: int) -> list[SignIn]:
        """The account's signed-in browsers, newest first; `token` is the one that asks."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(SignInRow)
                .where(SignInRow.account_id == account.id, SignInRow.expires_at_ms > now_ms)
                .order_by(SignInRow.created_at_ms.desc())
            )
            current = secret.digest(token)
            return [
                SignIn(
                    secret.digest(row.token_hash),
                    row.agent,
                    row.created_at_ms,
                    row.token_hash == current,
                )
                for row in rows
            ]

    async def revoke(self, account: Account, reference: str) -> bool:
        """Sign another browser of this account out; False if it is not one."""
        async with self._database.write() as session:
            hashes = await session.scalars(
                select(SignInRow.token_hash).where(SignInRow.account_id == account.id)
            )
            found = [kept for kept in hashes if secret.digest(kept) == reference]
            await session.execute(delete(SignInRow).where(SignInRow.token_hash.in_(found)))
        return bool(found)

    async def end_others(self, account: Account, *, token: str) -> None:
        """Sign this account out everywhere but on the browser that asks."""
        async with self._database.write() as session:
            await end_sign_ins(session, account.id, keeping=token)


async def end_sign_ins(session: AsyncSession, account_id: str, *, keeping: str = "") -> None:
    """Sign an account out everywhere but on the browser with the token `keeping`."""
    await session.execute(
        delete(SignInRow).where(
            SignInRow.account_id == account_id, SignInRow.token_hash != secret.digest(keeping)
        )
    )


def normal_email(email: str) -> str:
    """The form in which an address is kept and compared."""
    return email.strip().lower()


def new_row(
    *, email: str, name: str, role: SiteRole, password_hash: str, now_ms: int
) -> AccountRow:
    """A new account; without an address if `email` is "", without a password likewise."""
    made = secret.identifier()
    return AccountRow(
        id=made,
        email=normal_email(email) or f":{made}",
        name=name,
        role=role,
        password_hash=password_hash,
        created_at_ms=now_ms,
    )


async def has_owner(session: AsyncSession) -> bool:
    """Whether there is an owner: others may sign up before, where that is open."""
    owner = select(AccountRow.id).where(AccountRow.role == SiteRole.OWNER)
    return await session.scalar(owner.limit(1)) is not None


async def taken(session: AsyncSession, email: str) -> bool:
    """Whether an account has this address."""
    found = select(AccountRow.id).where(AccountRow.email == normal_email(email))
    return await session.scalar(found) is not None


def account_of(row: AccountRow) -> Account:
    """The account in `row`."""
    return Account(
        id=row.id,
        email="" if row.email.startswith(":") else row.email,
        name=row.name,
        role=SiteRole(row.role),
        handle=row.handle or "",
        biography=row.biography,
        picture=row.picture,
        has_password=bool(row.password_hash),
        password_mark=_mark(row),
        created_at_ms=row.created_at_ms,
    )


def _mark(row: AccountRow) -> str:
    return secret.digest(row.password_hash)

"""Accounts and their sign-ins: who may use the studio, on which browsers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, func, select

from hustings import limits
from hustings.web import secret
from hustings.web.database import Database
from hustings.web.passwords import Passwords
from hustings.web.tables import AccountRow, FirstLinkRow, SignInRow, SignInTryRow


class SiteRole(StrEnum):
    """What somebody may do on this installation."""

    OWNER = "owner"
    MODERATOR = "moderator"
    HOST = "host"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in."""

    id: str
    email: str
    name: str
    role: SiteRole

    @property
    def may_create(self) -> bool:
        """Whether this account may make spaces."""
        return self.role is not SiteRole.MEMBER


@dataclass(frozen=True, slots=True)
class SignIn:
    """One signed-in browser. `reference` names it without giving its token away."""

    reference: str
    agent: str
    created_at_ms: int
    current: bool


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too many attempts: again in `retry_s` seconds."""

    retry_s: int


class Accounts:
    """Accounts and sign-ins in the database. `now_ms` is Unix milliseconds everywhere."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    async def exist(self) -> bool:
        """Whether anybody has an account."""
        async with self._database.read() as session:
            return await session.scalar(select(AccountRow.id).limit(1)) is not None

    async def first(
        self, *, link: str, email: str, name: str, password: str, now_ms: int
    ) -> Account | None:
        """The owner's account, made with the one-time link; None if the link is not good.

        The link's row is deleted in the same transaction: of two that use it, one wins.
        """
        kept = await self._passwords.hash(password)
        row = AccountRow(
            id=secret.identifier(),
            email=normal_email(email),
            name=name,
            role=SiteRole.OWNER,
            password_hash=kept,
            created_at_ms=now_ms,
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
            if used is None or await session.scalar(select(AccountRow.id).limit(1)) is not None:
                return None
            session.add(row)
        return _account(row)

    async def sign_in(
        self, *, email: str, password: str, address: str, now_ms: int
    ) -> Account | Throttled | None:
        """The account that `email` and `password` belong to, None if to none.

        The attempt is counted before the password is looked at, so that attempts made at once are
        all counted; a right password takes its own back.
        """
        email = normal_email(email)
        keys = (f"account:{secret.digest(email)}", f"address:{secret.digest(address)}")
        wait = await self._count_try(keys, now_ms)
        if wait is not None:
            return wait
        async with self._database.read() as session:
            row = await session.scalar(select(AccountRow).where(AccountRow.email == email))
        if not await self._passwords.check(password, row.password_hash if row else None):
            return None
        assert row is not None
        async with self._database.write() as session:
            await session.execute(
                delete(SignInTryRow).where(SignInTryRow.key.in_(keys), SignInTryRow.at_ms == now_ms)
            )
        return _account(row)

    async def _count_try(self, keys: tuple[str, str], now_ms: int) -> Throttled | None:
        since = now_ms - limits.SIGN_IN_WINDOW_S * 1000
        async with self._database.write() as session:
            await session.execute(delete(SignInTryRow).where(SignInTryRow.at_ms <= since))
            for key in keys:
                count, oldest = (
                    await session.execute(
                        select(func.count(), func.min(SignInTryRow.at_ms)).where(
                            SignInTryRow.key == key
                        )
                    )
                ).one()
                if count >= limits.SIGN_IN_TRIES_COUNT:
                    return Throttled(max(1, -(-(oldest - since) // 1000)))
            session.add_all(SignInTryRow(key=key, at_ms=now_ms) for key in keys)
        return None

    async def begin(self, account: Account, *, agent: str, now_ms: int) -> str:
        """A new sign-in; returns the token for the browser's cookie."""
        token = secret.token()
        async with self._database.write() as session:
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
        return _account(row) if row else None

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


def normal_email(email: str) -> str:
    """The form in which an address is kept and compared."""
    return email.strip().lower()


def _account(row: AccountRow) -> Account:
    return Account(row.id, row.email, row.name, SiteRole(row.role))

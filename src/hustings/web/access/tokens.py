"""API tokens: a program's key to an account, with scopes and an end.

A token is shown once; the database keeps its SHA-256. Its first characters say what it is, so that
one that was published by mistake can be found by scanners.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select, update

from hustings import limits
from hustings.web import secret
from hustings.web.access.scopes import Scope
from hustings.web.database import Database
from hustings.web.tables import TokenRow

PREFIX: Final = "hst_"
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as its owner sees it, and as a request carries it."""

    id: str
    account: str
    name: str
    scopes: frozenset[Scope]
    created_at_ms: int
    expires_at_ms: int
    used_at_ms: int | None


class Tokens:
    """Tokens in the database. `now_ms` is Unix milliseconds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, *, account: str, name: str, scopes: Collection[Scope], days: int, now_ms: int
    ) -> tuple[Token, str] | None:
        """A new token and its secret; None if the account has too many."""
        value = PREFIX + secret.token()
        row = TokenRow(
            id=secret.identifier(12),
            token_hash=secret.digest(value),
            account_id=account,
            name=name,
            scopes=" ".join(sorted(scopes)),
            created_at_ms=now_ms,
            expires_at_ms=now_ms + days * _DAY_MS,
            used_at_ms=None,
        )
        async with self._database.write() as session:
            await session.execute(delete(TokenRow).where(TokenRow.expires_at_ms <= now_ms))
            own = select(func.count()).where(TokenRow.account_id == account)
            if (await session.scalar(own) or 0) >= limits.TOKENS_COUNT:
                return None
            session.add(row)
        return _token(row), value

    async def of(self, account: str, *, now_ms: int) -> list[Token]:
        """An account's tokens that are good, newest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(TokenRow)
                .where(TokenRow.account_id == account, TokenRow.expires_at_ms > now_ms)
                .order_by(TokenRow.created_at_ms.desc())
            )
            return [_token(row) for row in rows]

    async def good(self, value: str, *, now_ms: int) -> Token | None:
        """The token that `value` is, None if it ended or was revoked."""
        async with self._database.read() as session:
            row = await session.scalar(
                select(TokenRow).where(
                    TokenRow.token_hash == secret.digest(value), TokenRow.expires_at_ms > now_ms
                )
            )
        if row is None:
            return None
        if now_ms - (row.used_at_ms or 0) > limits.TOKEN_SEEN_S * 1000:
            async with self._database.write() as session:
                await session.execute(
                    update(TokenRow).where(TokenRow.id == row.id).values(used_at_ms=now_ms)
                )
        return _token(row)

    async def revoke(self, account: str, token: str) -> Token | None:
        """End one of the account's tokens; None if it has no such one."""
        async with self._database.write() as session:
            row = await session.get(TokenRow, token)
            if row is None or row.account_id != account:
                return None
            await session.delete(row)
        return _token(row)


def _token(row: TokenRow) -> Token:
    known = {scope.value for scope in Scope}
    return Token(
        id=row.id,
        account=row.account_id,
        name=row.name,
        scopes=frozenset(Scope(word) for word in row.scopes.split() if word in known),
        created_at_ms=row.created_at_ms,
        expires_at_ms=row.expires_at_ms,
        used_at_ms=row.used_at_ms,
    )

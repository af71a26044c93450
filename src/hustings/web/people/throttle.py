"""How often one may try: guesses at passwords, mails asked for, accounts made from one address.

Whoever guesses at somebody's password must not be able to shut that somebody out. So a guess is
counted where it comes from: by the account and the address together, by the address, and by the
browser, if it has signed in to this account before (OWASP's device cookies). Such a browser has a
count of its own and is not held up by what strangers do. The count of an account from wherever it
is tried never closes it: beyond its bound one guess is let through every few seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, select

from hustings import limits
from hustings.web import secret
from hustings.web.database import Database
from hustings.web.tables import SignInTryRow

_KEPT_S = max(limits.SIGN_IN_WINDOW_S, limits.ASKED_WINDOW_S, limits.CEREMONY_S)


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too many attempts: again in `retry_s` seconds."""

    retry_s: int

    @property
    def words(self) -> str:
        """The same for people."""
        minutes = -(-self.retry_s // 60)
        if self.retry_s < 60:
            return f"Too many attempts. Try again in {self.retry_s} seconds."
        if minutes == 1:
            return "Too many attempts. Try again in 1 minute."
        return f"Too many attempts. Try again in {minutes} minutes."


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """At most `count` attempts under `key` in `window_s`; with `slow_s`, one in so long beyond."""

    key: str
    count: int
    window_s: int
    slow_s: float = 0.0


class Throttle:
    """The counts in the database. `now_ms` is Unix milliseconds everywhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, bounds: list[Bound], *, now_ms: int) -> Throttled | None:
        """Count one attempt under every bound, or none of them and say when to come again."""
        async with self._database.write() as session:
            await session.execute(
                delete(SignInTryRow).where(SignInTryRow.at_ms <= now_ms - _KEPT_S * 1000)
            )
            for bound in sorted(bounds, key=lambda one: one.key):
                # Attempts made at once wait for each other, and each sees those before it.
                await self._database.alone(session, bound.key)
                since = now_ms - bound.window_s * 1000
                count, oldest, newest = (
                    await session.execute(
                        select(
                            func.count(), func.min(SignInTryRow.at_ms), func.max(SignInTryRow.at_ms)
                        ).where(SignInTryRow.key == bound.key, SignInTryRow.at_ms > since)
                    )
                ).one()
                if count < bound.count:
                    continue
                # Where nothing is closed, the newest attempt counts, otherwise the oldest.
                free_ms = newest + bound.slow_s * 1000 if bound.slow_s else oldest - since + now_ms
                wait_ms = int(free_ms - now_ms)
                if wait_ms > 0:
                    return Throttled(max(1, -(-wait_ms // 1000)))
            session.add_all(SignInTryRow(key=bound.key, at_ms=now_ms) for bound in bounds)
        return None

    async def give_back(self, bounds: list[Bound], *, now_ms: int) -> None:
        """Forget an attempt that was a good one."""
        keys = [bound.key for bound in bounds]
        async with self._database.write() as session:
            await session.execute(
                delete(SignInTryRow).where(SignInTryRow.key.in_(keys), SignInTryRow.at_ms == now_ms)
            )


def known_browser(device: str) -> list[Bound]:
    """The bounds of a guess from a browser that has signed in to this account before."""
    return [
        Bound(
            key=f"device:{secret.digest(device)}",
            count=limits.SIGN_IN_TRIES_COUNT,
            window_s=limits.SIGN_IN_WINDOW_S,
        )
    ]


def stranger(email: str, address: str) -> list[Bound]:
    """The bounds of a guess from anywhere else."""
    window_s = limits.SIGN_IN_WINDOW_S
    return [
        Bound(
            key=f"pair:{secret.digest(f'{email} {address}')}",
            count=limits.SIGN_IN_TRIES_COUNT,
            window_s=window_s,
        ),
        Bound(
            key=f"address:{secret.digest(address)}",
            count=limits.SIGN_IN_ADDRESS_COUNT,
            window_s=window_s,
        ),
        Bound(
            key=f"account:{secret.digest(email)}",
            count=limits.SIGN_IN_ACCOUNT_COUNT,
            window_s=window_s,
            slow_s=limits.SIGN_IN_SLOW_S,
        ),
    ]


def from_address(address: str) -> list[Bound]:
    """The bound of a sign-in without a password: a passkey cannot be guessed, only be a burden."""
    return [
        Bound(
            key=f"passkey:{secret.digest(address)}",
            count=limits.SIGN_IN_ADDRESS_COUNT,
            window_s=limits.SIGN_IN_WINDOW_S,
        )
    ]


def once(challenge: str) -> list[Bound]:
    """The bound of answers to one challenge of a passkey: seen twice, it is a copy."""
    return [Bound(key=f"once:{secret.digest(challenge)}", count=1, window_s=limits.CEREMONY_S)]


def asked(what: str) -> list[Bound]:
    """The bound of mails that are asked for, by a mailbox or by where the question comes from."""
    return [
        Bound(
            key=f"asked:{secret.digest(what)}",
            count=limits.ASKED_COUNT,
            window_s=limits.ASKED_WINDOW_S,
        )
    ]


def joining(address: str) -> list[Bound]:
    """The bound of accounts made from one address."""
    return [
        Bound(
            key=f"joins:{secret.digest(address)}",
            count=limits.ACCOUNTS_MADE_COUNT,
            window_s=limits.ASKED_WINDOW_S,
        )
    ]

"""Passwords: argon2id hashes, made and checked in a thread, a few at a time.

Alone imports argon2. A hash costs 64 MiB and tens of milliseconds on purpose; the semaphore bounds
what strangers at the sign-in form can make this process spend.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hustings import limits

_hasher: Final = PasswordHasher()


class Passwords:
    """Makes and checks password hashes."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(limits.PASSWORD_CHECKS_COUNT)

    async def hash(self, password: str) -> str:
        """The hash to keep (PHC string format, RFC 9106 parameters)."""
        async with self._turns:
            return await asyncio.to_thread(_hasher.hash, password)

    async def check(self, password: str, kept: str | None) -> bool:
        """Whether `password` belongs to the hash `kept`; as slow, and False, without one."""
        async with self._turns:
            right = await asyncio.to_thread(_check, password, kept)
        return right and bool(kept)


def _check(password: str, kept: str | None) -> bool:
    try:
        return _hasher.verify(kept or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    # Checked against when there is no such account, so that the answer takes as long.
    return _hasher.hash("nobody has this password")

"""Other accounts in tests of the agenda."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from hustings.web.accounts import SiteRole, new_row
from hustings.web.database import Database
from hustings.web.passwords import Passwords
from tests.web.running import Running

PASSWORD = "another long password"


@asynccontextmanager
async def account(
    web: Running, name: str, *, role: SiteRole = SiteRole.MEMBER
) -> AsyncIterator[httpx.AsyncClient]:
    """A client signed in with an account of its own, whose handle is its name in small letters."""
    database = Database(web.database_url)
    email = f"{name.lower()}@example.org"
    try:
        row = new_row(
            email=email,
            name=name,
            role=role,
            password_hash=await Passwords().hash(PASSWORD),
            now_ms=1,
        )
        row.handle = name.lower()
        async with database.write() as session:
            session.add(row)
    finally:
        await database.close()
    async with web.browser() as client:
        answer = await client.post("/sign-in", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        yield client

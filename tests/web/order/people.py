"""People of the tests of moderation: accounts with a site role, guests who write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from sqlalchemy import update

from hustings.log.subjects import Kind
from hustings.talk import Asked, Said, encode
from hustings.web import secret
from hustings.web.database import Database
from hustings.web.passwords import Passwords
from hustings.web.tables import AccountRow
from tests.web.running import PASSWORD, Running

GUEST = "g-k3v9q1xzm4rk3tpl"


def database_of(web: Running) -> Database:
    """The studio's database, opened beside it."""
    return Database(web.database_url)


@asynccontextmanager
async def account(
    web: Running, name: str, role: str
) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A client signed in to a new account of this role, and the account's id."""
    identity, email = secret.identifier(), f"{secret.identifier()}@example.org"
    database = database_of(web)
    row = AccountRow(
        id=identity,
        email=email,
        name=name,
        role=role,
        password_hash=await Passwords().hash(PASSWORD),
        created_at_ms=1,
    )
    async with database.write() as session:
        session.add(row)
    await database.close()
    async with web.browser() as client:
        answer = await client.post("/sign-in", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        yield client, identity


async def says(web: Running, space: str, text: str, *, name: str = "Loud guest") -> str:
    """A guest's message in the log; returns its id."""
    said = Said(id=secret.identifier(), person=GUEST, name=name, text=text, at_ms=1)
    await web.record.append(space, Kind.TALK, encode([said]), message_id=said.id)
    return said.id


async def asks(web: Running, space: str, text: str) -> str:
    """A guest's question in the log; returns its id."""
    asked = Asked(id=secret.identifier(), person=GUEST, name="Loud guest", text=text, at_ms=1)
    await web.record.append(space, Kind.TALK, encode([asked]), message_id=asked.id)
    return asked.id


async def set_role(web: Running, identity: str, role: str) -> None:
    """Give an account another role."""
    database = database_of(web)
    async with database.write() as session:
        await session.execute(update(AccountRow).where(AccountRow.id == identity).values(role=role))
    await database.close()

"""What the operator does at the command line: links to join and to set a new password.

They work on the database of the data folder, whether the studio runs or not.
"""

from __future__ import annotations

import asyncio

from hustings.config import Settings
from hustings.errors import ConfigError, HustingsError
from hustings.web import studio as studios
from hustings.web.accounts import Accounts, SiteRole
from hustings.web.database import Database, address
from hustings.web.passwords import Passwords
from hustings.web.people.invitations import OPEN_ROLES, Invitations
from hustings.web.people.refused import Refused
from hustings.web.people.resets import Resets


def invite(settings: Settings, *, email: str, role: str) -> str:
    """A link that makes an account with this role. Raises `HustingsError`."""
    given = SiteRole(role)
    if not email and given not in OPEN_ROLES:
        raise HustingsError(f"an invitation to be {role} is for one address: name it")
    return asyncio.run(_invite(settings, email, given))


def reset(settings: Settings, *, email: str) -> str:
    """A link that sets a new password for the account with this address. Raises `HustingsError`."""
    return asyncio.run(_reset(settings, email))


async def _invite(settings: Settings, email: str, role: SiteRole) -> str:
    database = await opened(settings)
    try:
        made = await Invitations(database).make(
            email=email, role=role, by_id=None, now_ms=studios.now_ms()
        )
    finally:
        await database.close()
    if isinstance(made, Refused):
        raise HustingsError(made.reason)
    return f"{settings.public_url('studio')}/join/{made[1]}"


async def _reset(settings: Settings, email: str) -> str:
    database = await opened(settings)
    try:
        account = await Accounts(database, Passwords()).by_email(email)
        if account is None:
            raise HustingsError(f"there is no account with the address {email!r}")
        token = await Resets(database).make(account, now_ms=studios.now_ms())
    finally:
        await database.close()
    return f"{settings.public_url('studio')}/reset/{token}"


async def opened(settings: Settings) -> Database:
    """The database as this version of the program has it."""
    if not settings.database_url and not (settings.folder / "hustings.db").exists():
        raise ConfigError(
            "data", settings.data, allowed="the data folder of a studio that has been started once"
        )
    database = Database(address(settings))
    await database.migrate()
    return database

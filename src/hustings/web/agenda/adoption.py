"""Adopting a space that was imported: a row of the catalogue, and its host's seat, for an account
of this studio. At the command line, whether the studio runs or not."""

from __future__ import annotations

from hustings.config import Settings
from hustings.errors import HustingsError
from hustings.space import Role, Space
from hustings.web import secret
from hustings.web import studio as studios
from hustings.web.accounts import Account, Accounts
from hustings.web.catalogue import Catalogue
from hustings.web.database import Database
from hustings.web.passwords import Passwords
from hustings.web.people.operator import opened
from hustings.web.spaces import SEAT_CHARS


async def find(settings: Settings, email: str) -> str:
    """The id of the account with this address; `HustingsError` when there is none."""
    database = await opened(settings)
    try:
        return (await _account(database, email)).id
    finally:
        await database.close()


async def adopt(settings: Settings, space: Space, *, email: str) -> None:
    """Make the account with this address the host of a space. A space that it has already is left
    as it is; `HustingsError` when it is somebody else's."""
    database = await opened(settings)
    try:
        account = await _account(database, email)
        catalogue = Catalogue(database)
        listed = await catalogue.get(space.id)
        if listed is None:
            seat = _host_seat(space) or secret.identifier(SEAT_CHARS)
            now_ms = studios.now_ms()
            await catalogue.add(space, owner_id=account.id, seat=seat, now_ms=now_ms)
        elif listed.owner_id != account.id:
            raise HustingsError(f"space {space.id} is somebody else's in this studio")
    finally:
        await database.close()


async def _account(database: Database, email: str) -> Account:
    account = await Accounts(database, Passwords()).by_email(email)
    if account is None:
        raise HustingsError(f"there is no account with the address {email!r}")
    return account


def _host_seat(space: Space) -> str:
    seats = (*space.seats.values(), *space.seats_removed.values())
    return next((seat.id for seat in seats if seat.role is Role.HOST), "")

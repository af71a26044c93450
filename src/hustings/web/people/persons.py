"""Persons: who is behind the text that stands for somebody in a space's log.

`a-<account id>` is an account, `g-…` a guest, whose name only the space's own log knows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from hustings.config import Settings
from hustings.web.accounts import Account
from hustings.web.database import Database
from hustings.web.people.identity import Identities
from hustings.web.people.invitations import Invitations
from hustings.web.people.oidc import Oidc
from hustings.web.people.passkeys import Passkeys
from hustings.web.people.profile import FORMER_NAME, Profiles
from hustings.web.people.resets import Resets
from hustings.web.people.roles import Roles
from hustings.web.tables import AccountRow

_ACCOUNT: Final = "a-"
_GUEST_NAME: Final = "a guest"


class People:
    """All about accounts that is not signing in with a password. `suspended` is asked of others."""

    def __init__(
        self,
        database: Database,
        *,
        settings: Settings,
        suspended: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._database = database
        self.suspended = suspended
        self.profiles = Profiles(database)
        self.roles = Roles(database)
        self.invitations = Invitations(database)
        self.resets = Resets(database)
        self.identities = Identities(database)
        self.passkeys = Passkeys(database, studio_url=settings.public_url("studio"))
        self.oidc = Oidc(settings)

    async def name_of(self, person: str) -> str:
        """What somebody is called now; "a guest" for a guest, whoever that is."""
        if not person.startswith(_ACCOUNT):
            return _GUEST_NAME
        async with self._database.read() as session:
            row = await session.get(AccountRow, person.removeprefix(_ACCOUNT))
        return row.name if row else FORMER_NAME

    async def ways_in(self, account: Account) -> int:
        """In how many ways this account can sign in."""
        passkeys = len(await self.passkeys.all(account)) if self.passkeys.possible else 0
        elsewhere = self.oidc.on and await self.identities.connected(account, self.oidc.issuer)
        return passkeys + account.has_password + elsewhere

"""The salts of spaces, asked of the archive and kept in memory only.

Without the salt nobody can find out which visitors a sketch counted. The archive makes one for each
space, all edges use the same, and when the space is posted the archive erases it; an edge forgets
it with the space.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from hustings import limits
from hustings.crowd.sketch import SALT_BYTES
from hustings.errors import NoResponder
from hustings.log import subjects
from hustings.log.contract import Live

_log: Final = logging.getLogger("hustings.edge")


class Salts:
    """The salts that this edge has, and the spaces of which it wants one."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._known: dict[str, bytes] = {}
        self._wanted: set[str] = set()
        self._some = asyncio.Event()

    def get(self, space: str) -> bytes | None:
        """A space's salt; None while the archive has not answered, who is asked from now on."""
        salt = self._known.get(space)
        if salt is None and space not in self._wanted:
            self._wanted.add(space)
            self._some.set()
        return salt

    def keep(self, spaces: set[str]) -> None:
        """Forget the salts of all other spaces."""
        self._known = {space: salt for space, salt in self._known.items() if space in spaces}
        self._wanted &= spaces

    async def run(self) -> None:
        """Ask for what is wanted, without end."""
        while True:
            await self._some.wait()
            for space in list(self._wanted):
                await self._ask(space)
            if not self._wanted:
                self._some.clear()
            else:
                await asyncio.sleep(limits.SALT_AGAIN_S)

    async def _ask(self, space: str) -> None:
        try:
            salt = await self._live.request(subjects.SALT, space.encode(), timeout=limits.REQUEST_S)
        except NoResponder:
            return
        # Empty: the archive does not follow the space, not yet or not any more.
        if len(salt) == SALT_BYTES and space in self._wanted:
            self._wanted.discard(space)
            self._known[space] = salt

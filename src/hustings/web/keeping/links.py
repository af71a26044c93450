"""The links to a private recording: made, listed and ended by those who run the space."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Path

from hustings import limits, ticket
from hustings.errors import BadInput
from hustings.keys import Keys
from hustings.space import Refusal
from hustings.store import layout
from hustings.store.links import Link, decode, encode
from hustings.store.objects import Objects
from hustings.ticket import Scope, Ticket
from hustings.web import secret

LinkId = Annotated[str, Path(pattern="^[a-z0-9]{1,32}$")]

log: Final = logging.getLogger("hustings.web")

_BYTES: Final = 4_096  # of one link's object


@dataclass(frozen=True, slots=True)
class Given:
    """A link that works: its id, what is known of it, and the ticket in its address."""

    space: str
    id: str
    link: Link
    token: str


class Links:
    """The links in the store. `now_ms` is Unix milliseconds everywhere."""

    def __init__(self, objects: Objects, keys: Keys) -> None:
        self._objects = objects
        self._keys = keys

    async def all(self, space: str, *, now_ms: int) -> list[Given]:
        """The links of a space that work, the newest first. `StoreError` when it is away."""
        found = []
        for path in await self._objects.list(layout.links(space)):
            data = await self._objects.get(path, 0, _BYTES)
            try:
                link = decode(data)
            except BadInput as error:
                log.warning("%s is no link: %s", path, error)
                continue
            if link.until_ms > now_ms:
                number = path.rpartition("/")[2].removesuffix(".json")
                found.append(Given(space, number, link, self._token(space, number, link)))
        return sorted(found, key=lambda given: -given.link.made_at_ms)

    async def make(self, space: str, *, name: str, by: str, now_ms: int) -> Given | Refusal:
        """A new link for somebody, good for a year."""
        if len(await self.all(space, now_ms=now_ms)) >= limits.LINKS_COUNT:
            return Refusal("full", f"A recording has at most {limits.LINKS_COUNT} links.")
        link = Link(name=name, made_at_ms=now_ms, until_ms=now_ms + limits.LINK_S * 1000, by=by)
        number = secret.identifier()
        await self._objects.put(layout.link(space, number), encode(link))
        return Given(space, number, link, self._token(space, number, link))

    async def end(self, space: str, number: str) -> str | None:
        """End a link: for whom it was, None if there was none."""
        path = layout.link(space, number)
        if not await self._objects.size(path):
            return None
        try:
            name = decode(await self._objects.get(path, 0, _BYTES)).name
        except BadInput:
            name = ""
        await self._objects.delete(path)
        return name

    def _token(self, space: str, number: str, link: Link) -> str:
        right = Ticket(
            space=space,
            seat="",
            name="",
            role="",
            scope=Scope.REPLAY,
            exp=link.until_ms // 1000,
            link=number,
        )
        return ticket.sign(right, private_key=self._keys.ticket_private())

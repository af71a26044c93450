"""What a report or an entry of the audit log is about: a message, a question, a seat, a space.

A message that is no longer among the newest is read back from the space's log, so far and no
farther: what a stranger names must exist, or the queue would fill with inventions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hustings import limits
from hustings.log.contract import Log
from hustings.log.subjects import Kind
from hustings.space import Space
from hustings.talk import Asked, Said, decode

_STEPS: Final = (1_000, limits.REPORT_LOOK_ENTRIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A message, question, seat or space (`kind`), whose it is, and its text as it was."""

    kind: str
    id: str
    person: str
    name: str
    text: str

    @property
    def named(self) -> str:
        """The thing in one word: `message:k3v9q1xz`."""
        return f"{self.kind}:{self.id}"

    @property
    def words(self) -> str:
        """The thing as a person reads it: who, and what they said."""
        return f"{self.name}: {self.text}" if self.text else self.name


async def find(log: Log, space: Space, *, owner: str, kind: str, thing: str) -> Thing | None:
    """The thing of that kind and id in this space, None if there is none.

    `owner` is the account whose space it is. For a space `thing` may be empty.
    """
    if kind == "space":
        return Thing(kind=kind, id=space.id, person=f"a-{owner}", name=space.host, text=space.title)
    if kind == "seat":
        seat = space.seats.get(thing) or space.seats_removed.get(thing)
        if seat is None:
            return None
        return Thing(kind=kind, id=seat.id, person=seat.person, name=seat.name, text="")
    piece = await _written(log, space.id, thing, Said if kind == "message" else Asked)
    if piece is None:
        return None
    return Thing(kind=kind, id=piece.id, person=piece.person, name=piece.name, text=piece.text)


async def _written(
    log: Log, space: str, thing: str, kind: type[Said | Asked]
) -> Said | Asked | None:
    newest = await log.last(space, Kind.TALK)
    if newest is None:
        return None
    for back in _STEPS:
        # The crowd's stream holds nothing else: its numbers are entries.
        after = max(0, newest.seq - back)
        async for entry in log.read(space, (Kind.TALK,), after=after):
            for piece in decode(entry.data):
                if isinstance(piece, kind) and piece.id == thing:
                    return piece
        if after == 0:
            break
    return None

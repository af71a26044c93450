"""What the audience of a posted space wrote and voted, as the store keeps it.

Its `talk.json` is on the replay's clock and needs no log. What was taken down after it was stored
is left out here. A recording of an earlier version has no such file: then the crowd's log answers.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final

from hustings import limits
from hustings.edge import files
from hustings.edge.assets import packed, takes_gzip
from hustings.edge.head import Request
from hustings.edge.http import Outcome
from hustings.edge.replay import Replay, edition
from hustings.edge.reply import Fields, Reply, unless_known
from hustings.edge.room import Room
from hustings.edge.taken import without
from hustings.errors import StoreError
from hustings.space import Space, Status

NAME: Final = "talk.json"
_FIELDS: Final[Fields] = (
    ("Content-Type", "application/json"),
    ("Cache-Control", "public, max-age=1"),
    ("Vary", "Accept-Encoding"),
)
_NOTHING: Final = Reply(fields=_FIELDS, body=b'{"room":{},"polls":[],"chat":[],"questions":[]}')


@dataclass(frozen=True, slots=True)
class _Made:
    of: str  # which edition, and what had been taken down
    plain: bytes
    packed: bytes
    etag: str


class Recalled:
    """Answers with talk.json."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._made: OrderedDict[str, _Made] = OrderedDict()

    def answer(self, request: Request, room: Room) -> Outcome | Awaitable[Outcome]:
        """talk.json of a space in any state."""
        state = room.state
        if state is not None and state.gone:
            return _NOTHING  # this edge may have it in memory
        if state is None or state.status is not Status.POSTED:
            return room.chatter.answer(request)
        if (refusal := files.refusal(state, NAME)) is not None:
            return refusal  # something is being taken out, of this as well
        return self._stored(request, room, state)

    async def _stored(self, request: Request, room: Room, state: Space) -> Outcome:
        try:
            made = await self._of(state)
        except StoreError:
            made = None
        if made is None:
            return room.chatter.answer(request)
        body, fields = made.plain, _FIELDS
        if takes_gzip(request):
            body, fields = made.packed, (*_FIELDS, ("Content-Encoding", "gzip"))
        reply = Reply(fields=fields, body=body)
        return unless_known(reply, made.etag, request.headers.get("if-none-match"))

    async def _of(self, state: Space) -> _Made | None:
        of = f"{edition(state)} {state.version} {len(state.removed)} {state.restored_last}"
        made = self._made.get(state.id)
        if made is not None and made.of == of:
            self._made.move_to_end(state.id)
            return made
        if NAME not in await self._replay.sizes(state):
            return None
        data = await self._replay.text(state, NAME)
        plain = None if data is None else without(data, state.removed)
        if plain is None:
            return None
        etag = f'W/"{hashlib.sha256(plain).hexdigest()[:20]}"'
        made = self._made[state.id] = _Made(of, plain, packed(plain), etag)
        while len(self._made) > limits.REELS_COUNT:
            self._made.popitem(last=False)
        return made
